// What becomes of a packet that is too long for its path: the table of the guide's chapter on pre-fragmentation.

export type LongPacket = "cut first" | "cut after" | "refuse";

interface Row {
  /** Pre-fragmentation is on. */
  readonly prefragment: boolean;
  readonly dfBit: "clear" | "set" | "copy";
  /** DF of the packet itself. An IPv6 packet counts as 1: nobody on its way may cut it. */
  readonly df: 0 | 1;
  /** "cut first": pieces are sealed one by one. "cut after": the peer joins the fragments before it opens them. */
  readonly result: LongPacket;
}

const ROWS: readonly Row[] = [
  { prefragment: true, dfBit: "clear", df: 0, result: "cut first" },
  { prefragment: true, dfBit: "clear", df: 1, result: "cut first" },
  { prefragment: false, dfBit: "clear", df: 0, result: "cut after" },
  { prefragment: false, dfBit: "clear", df: 1, result: "cut after" },
  { prefragment: true, dfBit: "set", df: 0, result: "cut first" },
  { prefragment: true, dfBit: "set", df: 1, result: "refuse" },
  { prefragment: false, dfBit: "set", df: 0, result: "cut after" },
  { prefragment: false, dfBit: "set", df: 1, result: "refuse" },
  { prefragment: true, dfBit: "copy", df: 0, result: "cut first" },
  { prefragment: true, dfBit: "copy", df: 1, result: "refuse" },
  { prefragment: false, dfBit: "copy", df: 0, result: "cut after" },
  { prefragment: false, dfBit: "copy", df: 1, result: "refuse" },
];

export function forLongPacket(prefragment: boolean, dfBit: Row["dfBit"], dontFragment: boolean): LongPacket {
  const df = dontFragment ? 1 : 0;
  const row = ROWS.find((row) => row.prefragment === prefragment && row.dfBit === dfBit && row.df === df);
  return (row as Row).result;
}
