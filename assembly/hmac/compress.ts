// The compression function of each hash, on all its lanes.
import { INT_MD5, INT_SHA1, INT_SHA256 } from "../layout";
import { md5Compress, md5Lanes, md5Load } from "../legacy/md5";
import { sha1One } from "../sha1/one";
import { sha1Compress, sha1Lanes } from "../sha1/sha1";
import { loadBlocks } from "../sha2/lanes32";
import { sha256One } from "../sha2/one";
import { sha256Compress, sha256Lanes } from "../sha2/sha256";
import { sha512Compress, sha512Lanes, sha512Load, sha512One } from "../sha2/sha512";

/** Compresses `blocks` blocks of each lane's message; `sources` holds their addresses, u32 each. */
export function compressLanes(integrity: i32, states: usize, sources: usize, blocks: u32): void {
  if (LEGACY && integrity == INT_MD5) md5Lanes(states, sources, blocks);
  else if (integrity == INT_SHA1) sha1Lanes(states, sources, blocks);
  else if (integrity == INT_SHA256) sha256Lanes(states, sources, blocks);
  else sha512Lanes(states, sources, blocks);
}

/** The first `bytes` of the block at `offset` of each lane's message to the message schedule, and of what follows up to 16 more. */
export function loadLanes(integrity: i32, sources: usize, offset: usize, bytes: usize): void {
  if (LEGACY && integrity == INT_MD5) md5Load(sources, offset, bytes);
  else if (integrity == INT_SHA1 || integrity == INT_SHA256) loadBlocks(sources, offset, bytes);
  else sha512Load(sources, offset, bytes);
}

/** Compresses `blocks` blocks of one message at `source`; the words of its state lie side by side. Not for MD5. */
export function compressOne(integrity: i32, state: usize, source: usize, blocks: u32): void {
  if (integrity == INT_SHA1) sha1One(state, source, blocks);
  else if (integrity == INT_SHA256) sha256One(state, source, blocks);
  else sha512One(state, source, blocks);
}

/** Compresses the block whose words are the first 16 of the message schedule already, at SHA_WORK. */
export function compressSchedule(integrity: i32, states: usize): void {
  if (LEGACY && integrity == INT_MD5) md5Compress(states);
  else if (integrity == INT_SHA1) sha1Compress(states);
  else if (integrity == INT_SHA256) sha256Compress(states);
  else sha512Compress<v128>(states);
}
