// Four messages side by side: sixteen 32-bit words of each, transposed so that a vector holds one word of all four.
import { permute } from "../aes/permute";
import { SHA_WORK } from "../layout";

/** The message schedule: word t of four messages at SCHEDULE_32 + 16 t; 80 words of SHA-1, 64 of SHA-256. */
export const SCHEDULE_32: usize = SHA_WORK;

/** The bytes of four 32-bit words, each reversed: messages are big-endian. */
export const REVERSED_WORDS = memory.data<u8>([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12], 16);

/** Loads the 64-byte blocks at `offset` of the four messages whose addresses are at `sources`, or their first `bytes`. */
export function loadBlocks(sources: usize, offset: usize, bytes: usize): void {
  loadWords(sources, offset, bytes, REVERSED_WORDS);
}

/** The same, the bytes of every 16 in the order that stands at `order`. */
export function loadWords(sources: usize, offset: usize, bytes: usize, order: usize): void {
  const ordered = v128.load(order);
  const s0 = <usize>load<u32>(sources, 0) + offset;
  const s1 = <usize>load<u32>(sources, 4) + offset;
  const s2 = <usize>load<u32>(sources, 8) + offset;
  const s3 = <usize>load<u32>(sources, 12) + offset;
  for (let at: usize = 0; at < bytes; at += 16) {
    const w0 = permute(v128.load(s0 + at), ordered);
    const w1 = permute(v128.load(s1 + at), ordered);
    const w2 = permute(v128.load(s2 + at), ordered);
    const w3 = permute(v128.load(s3 + at), ordered);
    // From message-wise to word-wise: first pairs of messages, then both pairs.
    const low01 = v128.shuffle<i32>(w0, w1, 0, 4, 1, 5);
    const high01 = v128.shuffle<i32>(w0, w1, 2, 6, 3, 7);
    const low23 = v128.shuffle<i32>(w2, w3, 0, 4, 1, 5);
    const high23 = v128.shuffle<i32>(w2, w3, 2, 6, 3, 7);
    const place = SCHEDULE_32 + (at << 2);
    v128.store(place, v128.shuffle<i64>(low01, low23, 0, 2), 0);
    v128.store(place, v128.shuffle<i64>(low01, low23, 1, 3), 16);
    v128.store(place, v128.shuffle<i64>(high01, high23, 0, 2), 32);
    v128.store(place, v128.shuffle<i64>(high01, high23, 1, 3), 48);
  }
}
