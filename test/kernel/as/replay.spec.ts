// The anti-replay window and the numbers around it, RFC 4303 sections 3.3.3 and 3.4.3, inside wasm.
import { foldChecksum, stampIpv4Checksum, sumWords, updateIpv4Checksum } from "../../../assembly/checksum";
import { load16, store16 } from "../../../assembly/bytes";
import {
  FLAG_ESN,
  SA_FLAGS,
  SA_SEQUENCE,
  SA_SIZE,
  SA_WINDOW,
  SA_WINDOW_BITS,
  SA_WINDOW_MASK,
} from "../../../assembly/layout";
import { replayCheck, replayCommit, replayStart } from "../../../assembly/replay";
import { hasSequence, inferSequence, nextSequence } from "../../../assembly/sequence";
import { PENDING, REPLAYED, STALE } from "../../../assembly/status";

const SA = memory.data(SA_SIZE, 16);
const RING = memory.data(8, 16);
const HEADER = memory.data(20, 16);

function start(highest: u64, flags: u8): void {
  memory.fill(SA, 0, SA_SIZE);
  store<u8>(SA, flags, SA_FLAGS);
  store<u32>(SA, 64, SA_WINDOW_BITS);
  store<u32>(SA, 0, SA_WINDOW_MASK);
  store<u32>(SA, <u32>RING, SA_WINDOW);
  replayStart(SA, highest);
}

describe("replay window", () => {
  test("tracks exactly 64 numbers", () => {
    start(0, 0);
    replayCommit(SA, 100);
    expect(replayCheck(SA, 100)).toBe(REPLAYED);
    expect(replayCheck(SA, 37)).toBe(PENDING);
    expect(replayCheck(SA, 36)).toBe(STALE);
    expect(replayCheck(SA, 0)).toBe(STALE);
  });

  test("what a restored SA had accepted counts as seen", () => {
    start(1000, 0);
    for (let sequence: u64 = 937; sequence <= 1000; sequence++) expect(replayCheck(SA, sequence)).toBe(REPLAYED);
    expect(replayCheck(SA, 936)).toBe(STALE);
    expect(replayCheck(SA, 1001)).toBe(PENDING);
  });

  test("a jump of more than the window forgets all of it", () => {
    start(0, 0);
    for (let sequence: u64 = 1; sequence <= 64; sequence++) replayCommit(SA, sequence);
    replayCommit(SA, 100_000);
    for (let sequence: u64 = 99_937; sequence < 100_000; sequence++) expect(replayCheck(SA, sequence)).toBe(PENDING);
  });

  test("the high half of a low number: ahead, behind, and in the epoch before", () => {
    start(0x1_0000_0010, <u8>FLAG_ESN);
    expect(inferSequence(SA, 0x11)).toBe(0x1_0000_0011);
    expect(inferSequence(SA, 0xfffffff8)).toBe(0xfffffff8);
    expect(inferSequence(SA, 0x80000000)).toBe(0x1_8000_0000);
  });

  test("numbers stop, they never wrap", () => {
    start(0, 0);
    store<u64>(SA, 0xfffffffe, SA_SEQUENCE);
    expect(nextSequence(SA)).toBe(0xffffffff);
    expect(hasSequence(SA)).toBe(false);
    expect(load<u64>(SA, SA_SEQUENCE)).toBe(0xffffffff);
  });
});

describe("checksum", () => {
  test("an updated IPv4 header checksum is the one computed anew", () => {
    for (let i: usize = 0; i < 20; i++) store<u8>(HEADER + i, <u8>(i * 37 + 5));
    stampIpv4Checksum(HEADER, 20);
    for (let value: u32 = 0; value < 0x10000; value += 251) {
      const before = load16(HEADER + 4);
      store16(HEADER + 4, value);
      updateIpv4Checksum(HEADER, before, value);
      expect(foldChecksum(sumWords(0, HEADER, 20))).toBe(0);
    }
  });
});
