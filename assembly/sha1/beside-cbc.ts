// SHA-1 of one message beside AES-CBC of one text, as in sha2/beside-cbc.ts: twenty rounds of SHA-1, which have one
// function, beside one block of AES.
import { endBlock, startBlock } from "../aes/nibble-chain";
import { A_OVER, DOUBLED, firstTerm, INVERSES, LOW, roundAfter, SBOX, secondTerm, TABLES } from "../aes/nibble-round";
import { ROWS_DOWN } from "../aes/tables";
import { Choice, LastParity, Majority, Parity, round, TWENTY } from "./one";
import { firstWords, prepare, prepareLater, WORDS, WORDS_SIZE } from "./schedule";

/**
 * Encrypts the text from `text` to `end`, after what `chain` hands to it, one block of AES to four, under the `keys` of ten rounds or
 * of 14; and begins to compress the 64 bytes at `source`, twenty rounds a block of AES: from the `state` on, up to the
 * `variables`, with which sha1Rest goes on. Answers what the text hands on.
 */
export function sha1BesideCbc(
  state: usize,
  variables: usize,
  source: usize,
  keys: usize,
  rounds: i32,
  text: usize,
  end: usize,
  chain: v128,
): v128 {
  const blocks = (end - text) >> 4;
  firstWords(source);
  chain = rounds20<Choice>(state, variables, 0, keys, rounds, text, chain);
  if (blocks > 1) chain = rounds20<Parity>(variables, variables, TWENTY, keys, rounds, text + 16, chain);
  if (blocks > 2) chain = rounds20<Majority>(variables, variables, 2 * TWENTY, keys, rounds, text + 32, chain);
  if (blocks > 3) chain = rounds20<LastParity>(variables, variables, 3 * TWENTY, keys, rounds, text + 48, chain);
  return chain;
}

/** Twenty rounds whose words begin at `at`, and one block of AES. */
function rounds20<F>(from: usize, to: usize, at: usize, keys: usize, rounds: i32, text: usize, chain: v128): v128 {
  let block = startBlock(keys, rounds, text, chain);
  const low = v128.load(TABLES, LOW);
  const inverses = v128.load(TABLES, INVERSES);
  const aOver = v128.load(TABLES, A_OVER);
  const sbox0 = v128.load(TABLES, SBOX);
  const sbox1 = v128.load(TABLES, SBOX + 16);
  const doubled0 = v128.load(TABLES, DOUBLED);
  const doubled1 = v128.load(TABLES, DOUBLED + 16);
  let a = load<u32>(from);
  let b = load<u32>(from, 4);
  let c = load<u32>(from, 8);
  let d = load<u32>(from, 12);
  let e = load<u32>(from, 16);
  let near = v128.load(at, WORDS + 48);
  let key = keys + ((<usize>(rounds - 10)) << 4);
  let order = ROWS_DOWN;
  let x: v128;
  let y: v128;
  for (let pass = 0; ; pass++) {
    e = round<F>(e, a, b, c, d, load<u32>(at, WORDS));
    b = rotl<u32>(b, 30);
    d = round<F>(d, e, a, b, c, load<u32>(at, WORDS + 4));
    a = rotl<u32>(a, 30);
    x = firstTerm(block, low, inverses, aOver);
    y = secondTerm(block, low, inverses, aOver);
    block = roundAfter(
      v128.load(key, 16),
      v128.load(order, 32),
      v128.load(order, 48),
      x,
      y,
      sbox0,
      sbox1,
      doubled0,
      doubled1,
    );
    if (sizeof<F>() == sizeof<Choice>()) near = prepare(at, near);
    else if (at < WORDS_SIZE - 64) near = prepareLater(at, near);
    c = round<F>(c, d, e, a, b, load<u32>(at, WORDS + 8));
    e = rotl<u32>(e, 30);
    b = round<F>(b, c, d, e, a, load<u32>(at, WORDS + 12));
    d = rotl<u32>(d, 30);
    const next = a;
    a = b;
    b = c;
    c = d;
    d = e;
    e = next;
    if (pass == 4) break;
    x = firstTerm(block, low, inverses, aOver);
    y = secondTerm(block, low, inverses, aOver);
    block = roundAfter(
      v128.load(key, 32),
      v128.load(order, 64),
      v128.load(order, 80),
      x,
      y,
      sbox0,
      sbox1,
      doubled0,
      doubled1,
    );
    at += 16;
    key += 32;
    order += 64;
  }
  store<u32>(to, a);
  store<u32>(to, b, 4);
  store<u32>(to, c, 8);
  store<u32>(to, d, 12);
  store<u32>(to, e, 16);
  return endBlock(text, block, key + 32);
}
