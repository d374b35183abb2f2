// What CBC asks of ESP, whatever the cipher: whole blocks, and an IV nobody can foresee (RFC 3602 section 2.1, RFC 2405
// section 3). IVs are key stream of ChaCha20 under a key that only this engine knows: the blocks are numbered, each number
// comes once, and what is handed out is gone. A group of blocks is made at a time, so most packets find theirs ready.
import { BLOCK_SIZE, chachaBlocks, GROUP, ORDER_SIZE, orderStream } from "../chacha/chacha20";
import { wipe } from "../bytes";
import {
  C_IV_BLOCKS,
  C_IV_KEY,
  C_IV_LEFT,
  C_IV_POOL,
  CHACHA_WORK,
  ENC_3DES,
  ENC_CBC,
  ENC_DES,
  SA_ENCRYPTION,
} from "../layout";

const ORDERS: usize = CHACHA_WORK;
const POLY: usize = CHACHA_WORK + 1024; // a state that takes in nothing

export function isCbc(sa: usize): bool {
  const encryption = load<u8>(sa, SA_ENCRYPTION);
  return encryption == ENC_CBC || (LEGACY && (encryption == ENC_DES || encryption == ENC_3DES));
}

/** Writes the IV of one packet to `iv`: the next 16 bytes, or of those the first 8 where `length` says so (legacy build). */
export function drawIv(iv: usize, length: usize): void {
  if (load<u32>(C_IV_LEFT) == 0) fillPool();
  const left = load<u32>(C_IV_LEFT) - 16;
  store<u32>(C_IV_LEFT, left);
  const drawn = C_IV_POOL + <usize>left;
  if (LEGACY && length == 8) v128.store64_lane(iv, v128.load(drawn), 0);
  else v128.store(iv, v128.load(drawn));
  v128.store(drawn, i64x2.splat(0));
}

function fillPool(): void {
  let number = load<u64>(C_IV_BLOCKS);
  for (let block: usize = 0; block < <usize>GROUP; block++) {
    const row = i64x2.replace_lane(i64x2.splat(0), 0, number++);
    orderStream(ORDERS + block * ORDER_SIZE, row, C_IV_KEY, <u32>(C_IV_POOL + block * BLOCK_SIZE));
  }
  store<u64>(C_IV_BLOCKS, number);
  store<u32>(C_IV_LEFT, GROUP * BLOCK_SIZE);
  chachaBlocks(ORDERS, false, POLY, 0, 0);
  wipe(ORDERS, GROUP * ORDER_SIZE);
}
