// A prepared state is a row of words; in the states of the lanes word w of lane l lies at vector w, lane l.
import { INT_MD5 } from "../layout";
import { stateWordsOf, wordLengthOf } from "./sizes";

/** The row at `from` to one lane of `states`. */
export function loadState(integrity: i32, states: usize, lane: i32, from: usize): void {
  const wordLength = <usize>wordLengthOf(integrity);
  const end = states + ((<usize>stateWordsOf(integrity)) << 4);
  for (let place = states + <usize>lane * wordLength; place < end; place += 16) {
    if (wordLength == 8) store<u64>(place, load<u64>(from));
    else store<u32>(place, load<u32>(from));
    from += wordLength;
  }
}

/** The first `length` bytes of a lane's digest, big-endian but for MD5. */
export function storeState(integrity: i32, states: usize, lane: i32, to: usize, length: u32): void {
  const wordLength = <usize>wordLengthOf(integrity);
  const end = to + length;
  for (let place = states + <usize>lane * wordLength; to < end; place += 16) {
    if (LEGACY && integrity == INT_MD5) store<u32>(to, load<u32>(place));
    else if (wordLength == 8) store<u64>(to, bswap<u64>(load<u64>(place)));
    else store<u32>(to, bswap<u32>(load<u32>(place)));
    to += wordLength;
  }
}

/** One lane of `from` to one lane of `to`. */
export function copyState(integrity: i32, to: usize, lane: i32, from: usize, fromLane: i32): void {
  const wordLength = <usize>wordLengthOf(integrity);
  const end = to + ((<usize>stateWordsOf(integrity)) << 4);
  from += <usize>fromLane * wordLength;
  for (let place = to + <usize>lane * wordLength; place < end; place += 16) {
    if (wordLength == 8) store<u64>(place, load<u64>(from));
    else store<u32>(place, load<u32>(from));
    from += 16;
  }
}
