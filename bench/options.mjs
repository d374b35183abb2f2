// What `npm run bench` is told, and the cells that follow from it.
import { parseArgs } from "node:util";
import { ALL_SUITES, MAIN_SUITES } from "./suites.mjs";

export const HELP = `npm run bench -- [options] [words]     words: only suites whose name has all of them, as "gcm 128"

  --quick            sizes 64 and 1400, 5 rounds, node:crypto only; under half a minute
  --full             every batch size and single verb at every size, 25 rounds
  --all              every suite, not only the five main ones
  --encrypt          one direction only; also --decrypt
  --size 64,1400     of 64,256,576,1400,9000,imix or any other
  --batch 64,256     of 8,64,256 and 1: one packet a call, protectInto and protect
  --variant simd     one build only: simd or relaxed-simd
  --peers node,noble of node,web,noble,sodium,mb; "none": node:crypto only
  --rounds 15        --milliseconds 5 a turn
  --goals            the goals table with this run's figures
  --readme           put this run into README.md         --no-record   leave bench/results.jsonl alone`;

const SIZES = [64, 256, 576, 1400, 9000, "imix"];
const SINGLE_VERBS = { encrypt: ["protectInto", "protect"], decrypt: ["unprotectInto", "unprotect"] };
/** Where a default run also looks at batches besides 64. */
const BATCH_SIZES_AT = [64, 256, 1400];

export function readOptions(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      help: { type: "boolean", short: "h", default: false },
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      encrypt: { type: "boolean", default: false },
      decrypt: { type: "boolean", default: false },
      size: { type: "string" },
      batch: { type: "string" },
      variant: { type: "string" },
      peers: { type: "string" },
      rounds: { type: "string" },
      milliseconds: { type: "string" },
      goals: { type: "boolean", default: false },
      readme: { type: "boolean", default: false },
      "no-record": { type: "boolean", default: false },
    },
  });
  const suites = (values.all ? ALL_SUITES : MAIN_SUITES).filter(({ name }) =>
    positionals.every((word) => name.includes(word)),
  );
  const sizes = list(values.size)?.map((size) => (size === "imix" ? size : whole(size, 20, 16_000, "--size")));
  return {
    help: values.help,
    goals: values.goals,
    readme: values.readme,
    record: !values["no-record"] && positionals.length === 0,
    suites,
    directions: values.encrypt === values.decrypt ? ["encrypt", "decrypt"] : [values.encrypt ? "encrypt" : "decrypt"],
    sizes: sizes ?? (values.quick ? [64, 1400] : SIZES),
    batches: list(values.batch)?.map((batch) => whole(batch, 1, 256, "--batch")),
    variant: values.variant,
    peers: values.peers === undefined ? (values.quick ? ["node"] : undefined) : list(values.peers),
    full: values.full,
    quick: values.quick,
    rounds: whole(values.rounds ?? (values.quick ? "5" : values.full ? "25" : "15"), 1, 1000, "--rounds"),
    milliseconds: whole(values.milliseconds ?? "5", 1, 1000, "--milliseconds"),
  };
}

/** The ways our plane is driven in a cell: batch sizes and single verbs. */
export function waysOf(options, size, direction) {
  const { batches, full, quick } = options;
  const asked = batches ?? (full || (!quick && BATCH_SIZES_AT.includes(size)) ? [64, 1, 8, 256] : [64]);
  return asked.flatMap((batch) => (batch === 1 ? SINGLE_VERBS[direction] : [batch]));
}

function list(text) {
  return text?.split(",").map((part) => part.trim());
}

function whole(text, least, most, name) {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${name} ${text}: a whole number from ${least} to ${most} is allowed`);
}
