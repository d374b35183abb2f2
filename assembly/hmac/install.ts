// From an HMAC key to the two states that follow its padded block (RFC 2104 section 4), once per SA: so a packet costs
// two compressions less, and the key itself is kept nowhere.
import { wipe } from "../bytes";
import { HMAC_WORK, INT_MD5, INT_SHA1, INT_SHA256, INT_SHA384, SHA_WORK } from "../layout";
import { md5Initial } from "../legacy/md5";
import { compressLanes } from "./compress";
import { blockLengthOf, digestLengthOf, SCHEDULE_SIZE, storeBits, stateWordsOf, wordLengthOf } from "./sizes";

/** Initial hash values, FIPS 180-4 section 5.3: SHA-1, SHA-256, SHA-384, SHA-512. */
// biome-ignore format: a function a paragraph
const INITIAL_32 = memory.data<u32>(
  [
    0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0, 0, 0, 0,

    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ],
  16,
);
// biome-ignore format: a function a paragraph
const INITIAL_64 = memory.data<u64>(
  [
    0xcbbb9d5dc1059ed8, 0x629a292a367cd507, 0x9159015a3070dd17, 0x152fecd8f70e5939,
    0x67332667ffc00b31, 0x8eb44a8768581511, 0xdb0c2e0d64f98fa7, 0x47b5481dbefa4fa4,

    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
  ],
  16,
);

const STATES: usize = HMAC_WORK;
const SOURCES: usize = HMAC_WORK + 128;
const BLOCK: usize = HMAC_WORK + 256; // the padded key
const HASHED: usize = HMAC_WORK + 512; // a key longer than a block, hashed
const TAIL: usize = HMAC_WORK + 768;

const INNER_PAD: u8 = 0x36;
const OUTER_PAD: u8 = 0x5c;

/** Writes the state after the inner pad to `inner`, after the outer pad to `outer`: up to 64 bytes each. */
export function hmacInstall(integrity: i32, key: usize, keyLength: i32, inner: usize, outer: usize): void {
  const block = <i32>blockLengthOf(integrity);
  if (keyLength > block) {
    hashKey(integrity, key, keyLength);
    key = HASHED;
    keyLength = <i32>digestLengthOf(integrity);
  }
  padded(integrity, key, keyLength, INNER_PAD, inner);
  padded(integrity, key, keyLength, OUTER_PAD, outer);
  wipe(HMAC_WORK, 1280);
  wipe(SHA_WORK, SCHEDULE_SIZE);
}

function padded(integrity: i32, key: usize, keyLength: i32, pad: u8, state: usize): void {
  const block = <i32>blockLengthOf(integrity);
  memory.fill(BLOCK, pad, block);
  for (let i = 0; i < keyLength; i++) store<u8>(BLOCK + i, load<u8>(key + i) ^ pad);
  startState(integrity);
  compress(integrity, BLOCK, 1);
  readState(integrity, state);
}

/** RFC 2104 section 2: a key longer than a block is hashed first. */
function hashKey(integrity: i32, key: usize, keyLength: i32): void {
  const block = <i32>blockLengthOf(integrity);
  const whole = keyLength / block;
  const rest = keyLength - whole * block;
  const blocks = rest + 1 + (block >> 3) <= block ? 1 : 2;
  startState(integrity);
  compress(integrity, key, whole);
  memory.fill(TAIL, 0, 2 * block);
  memory.copy(TAIL, key + whole * block, rest);
  store<u8>(TAIL + rest, 0x80);
  storeBits(integrity, TAIL + blocks * block - 8, keyLength);
  compress(integrity, TAIL, blocks);
  readState(integrity, HASHED);
  if (LEGACY && integrity == INT_MD5) return;
  const wordLength = wordLengthOf(integrity);
  for (let at = HASHED; at < HASHED + 64; at += wordLength) {
    if (wordLength == 8) store<u64>(at, bswap<u64>(load<u64>(at)));
    else store<u32>(at, bswap<u32>(load<u32>(at)));
  }
}

/** The initial hash value in every lane. */
function startState(integrity: i32): void {
  for (let word: usize = 0; word < 8; word++) {
    const place = STATES + (word << 4);
    if (LEGACY && integrity == INT_MD5) v128.store(place, v128.load32_splat(md5Initial() + (word << 2)));
    else if (integrity == INT_SHA1) v128.store(place, v128.load32_splat(INITIAL_32 + (word << 2)));
    else if (integrity == INT_SHA256) v128.store(place, v128.load32_splat(INITIAL_32 + 32 + (word << 2)));
    else if (integrity == INT_SHA384) v128.store(place, v128.load64_splat(INITIAL_64 + (word << 3)));
    else v128.store(place, v128.load64_splat(INITIAL_64 + 64 + (word << 3)));
  }
}

/** Every lane does the same work. */
function compress(integrity: i32, source: usize, blocks: i32): void {
  for (let lane: usize = 0; lane < 16; lane += 4) store<u32>(SOURCES + lane, <u32>source);
  compressLanes(integrity, STATES, SOURCES, blocks);
}

/** The words of lane 0, as they are. */
function readState(integrity: i32, to: usize): void {
  const wordLength = <usize>wordLengthOf(integrity);
  const words = stateWordsOf(integrity);
  for (let word = 0; word < words; word++) {
    const place = STATES + ((<usize>word) << 4);
    if (wordLength == 8) store<u64>(to, load<u64>(place));
    else store<u32>(to, load<u32>(place));
    to += wordLength;
  }
}
