// The goals the project set itself, floor and goal, and how a run stands to them.
import { againstNode, againstOthers } from "./summary.mjs";
import { table, times } from "./table.mjs";

const SIZES = [64, 256, 576, 1400];
const RELAXED = "relaxed-simd";

/** Times faster than the node:crypto API per packet, encrypt, batches of 64: [floor, goal] by size. */
const ENCRYPT = [
  ["aes-gcm-128", RELAXED, [13, 16], [5, 6.5], [2.7, 3.5], [1.4, 2]],
  ["aes-gcm-128", "simd", [12, 14], [4.2, 5.5], [2.2, 2.8], [1.25, 1.6]],
  ["aes-gcm-256", RELAXED, [11, 13], [4.2, 5.5], [2.1, 2.8], [1.1, 1.5]],
  ...[RELAXED, "simd"].flatMap((build) => [
    ["chacha20-poly1305", build, [16, 20], [8, 10], [5, 6.5], [2.8, 4]],
    ["aes-cbc-128+sha256", build, [11, 14], [6.3, 8], [3.5, 4.5], [1.8, 2.2]],
    ["aes-cbc-128+sha1", build, [16, 20], [8, 10], [4.8, 6], [2.3, 2.8]],
  ]),
];
const DECRYPT_SHARE = 0.85;
/** What a packet alone may keep of a batch's goal. */
const SINGLE_SHARES = { protectInto: (size) => (size === 64 ? 0.5 : 0.6), protect: () => 0.4 };
/** Times faster than the others, our faster build, encrypt: floor by size, for suites whose name starts so. */
const OTHERS = [
  ["WebCrypto", { 64: 80, 1400: 8 }, ""],
  ["libsodium.js", { 64: 6, 1400: 4 }, "chacha"],
  ["@noble", { 64: 20, 1400: 20 }, ""],
  ["ipsec-mb (native)", { 64: 1 }, "chacha"],
];
const ELSEWHERE = [
  "the other goals, each beside its figure: `npm run bench:scale` (the engine's share, many SAs, policies),",
  "`bench:cold` (create(), the first packet, the kernel's size), `bench:garbage`, `bench:page` (in Chromium)",
].join("\n");

export function goalsTable(run) {
  const rows = [...nodeRows(run), ...otherRows(run)].filter((row) => row.slice(3).some((cell) => cell !== "-"));
  const count = (mark) => rows.flat().filter((cell) => String(cell).endsWith(mark)).length;
  return [
    "measured, floor/goal: ++ goal reached, + floor held, -- below the floor",
    table([["", "build", "way", ...SIZES.map((size) => `${size} B`)], ...rows]),
    `${count(" ++")} goals reached, ${count(" +")} floors held, ${count(" --")} below the floor`,
    ELSEWHERE,
  ].join("\n\n");
}

function nodeRows(run) {
  const measured = againstNode(run);
  const ways = [
    ["encrypt", "64", () => 1],
    ["decrypt", "64", () => DECRYPT_SHARE],
    ...Object.entries(SINGLE_SHARES).map(([verb, share]) => ["encrypt", verb, share]),
  ];
  return ways.flatMap(([direction, way, share]) =>
    ENCRYPT.map(([suite, build, ...goals]) => [
      suite,
      build,
      way === "64" ? direction : way,
      ...SIZES.map((size, i) => {
        const found = measured.find(
          (cell) =>
            cell.direction === direction &&
            cell.suite === suite &&
            cell.size === size &&
            cell.who === build &&
            cell.way === way,
        );
        return found === undefined ? "-" : mark(found.ratio, goals[i][0] * share(size), goals[i][1] * share(size));
      }),
    ]),
  );
}

function otherRows(run) {
  const measured = againstOthers(run).filter(({ direction }) => direction === "encrypt");
  const suitesOf = (peer, start) =>
    new Set(measured.filter((cell) => cell.peer === peer && cell.suite.startsWith(start)).map(({ suite }) => suite));
  return OTHERS.flatMap(([peer, floors, start]) =>
    [...suitesOf(peer, start)].map((suite) => [
      suite,
      run.variants[0],
      `against ${peer}`,
      ...SIZES.map((size) => {
        const found = measured.find((cell) => cell.peer === peer && cell.suite === suite && cell.size === size);
        const floor = floors[size];
        return found === undefined || floor === undefined ? "-" : mark(found.ratio, floor, floor);
      }),
    ]),
  );
}

function mark(ratio, floor, goal) {
  const short = (value) => Number(value.toPrecision(3));
  const wanted = floor === goal ? short(goal) : `${short(floor)}/${short(goal)}`;
  return `${times(ratio)} of ${wanted} ${ratio >= goal ? "++" : ratio >= floor ? "+" : "--"}`;
}
