// One CBC chain (SP 800-38A section 6.2) in the cipher of nibbles.ts, of ten rounds or of 14. What a block hands to the next
// it leaves in the tower, less its last key: so the chain does not wait for the way out and in again.
import { after, firstOf, intoTower, LOW, SBOX, SBOX_BYTES, secondOf, sums, TABLES } from "./nibble-round";
import { permute } from "./permute";
import { SHIFT_ROWS } from "./tables";

/** Both 10 and 14 rounds shift rows so often, modulo 4. */
const TWICE: usize = 32;

/** The block, or the IV, in front of a text as it is handed to it, under `keys` of nibbleKeys. */
export function handedOn(keys: usize, rounds: i32, block: v128): v128 {
  return intoTower(v128.xor(block, v128.load(keys + ((<usize>rounds) << 4))), v128.load(TABLES, LOW));
}

/** The state of the block at `text` in front of its last ten rounds. */
export function startBlock(keys: usize, rounds: i32, text: usize, chain: v128): v128 {
  let state = v128.xor(chain, v128.xor(handedOn(keys, rounds, v128.load(text)), v128.load(keys)));
  for (let round = 1; round <= rounds - 10; round++) {
    keys += 16;
    state = after(keys, round, firstOf(state), secondOf(state));
  }
  return state;
}

/** The last round, whose key is at `key`. The block takes its text's place. Answers what it hands to the next. */
export function endBlock(text: usize, state: v128, key: usize): v128 {
  const first = firstOf(state);
  const second = secondOf(state);
  const order = v128.load(SHIFT_ROWS, TWICE);
  const bytes = sums(v128.load(TABLES, SBOX_BYTES), v128.load(TABLES, SBOX_BYTES + 16), first, second);
  const chain = permute(sums(v128.load(TABLES, SBOX), v128.load(TABLES, SBOX + 16), first, second), order);
  v128.store(text, v128.xor(permute(bytes, order), v128.load(key)));
  return chain;
}

/** A block with nothing beside it. */
export function encryptChained(keys: usize, rounds: i32, text: usize, chain: v128): v128 {
  let state = startBlock(keys, rounds, text, chain);
  keys += (<usize>(rounds - 10)) << 4;
  for (let round = 1; round < 10; round++) {
    keys += 16;
    state = after(keys, round, firstOf(state), secondOf(state));
  }
  return endBlock(text, state, keys + 16);
}
