// Finds the first policy whose selectors match without asking all of them. Every selector lies in a table by the
// lengths of the two prefixes that cover its addresses, there under the prefixes themselves:
//
//   source /16, target /24     10.1.0.0 | 10.2.7.0  ->  candidates in the order of search
//   source /0,  target /32     0.0.0.0  | 10.2.7.9  ->  ..
//
// A packet asks each table once: an SPD has few pairs of lengths, however many policies. A prefix may cover more than
// the selector names, and another key may have the same hash: a candidate is compared as if there were no index.
import type { AddressRange } from "../wire/address.js";
import type { IpFields } from "../wire/fields.js";
import { type CompiledSelector, matches } from "./selector.js";

/** A selector with lists of addresses has an entry for each pair, up to so many; then one for what covers them all. */
const MOST_PAIRS = 16;
const WORDS = 4;
const GOLDEN = 0x9e3779b1;

/** What is indexed: policies. `place` is its place in the order of search; no two have the same. */
export interface Placed {
  readonly selectors: readonly CompiledSelector[];
  readonly place: number;
}

interface Candidate<P> {
  readonly policy: P;
  readonly selector: CompiledSelector;
}

interface Prefix {
  readonly length: number;
  readonly words: Uint32Array;
}

interface Key {
  readonly version: 4 | 6;
  readonly source: Prefix;
  readonly target: Prefix;
}

interface Table<P> {
  readonly source: number;
  readonly target: number;
  /** Of the words that a version has. */
  readonly sourceMask: Int32Array;
  readonly targetMask: Int32Array;
  readonly candidates: Map<number, Candidate<P>[]>;
}

const EVERYTHING: Prefix = { length: 0, words: new Uint32Array(WORDS) };

export class PolicyIndex<P extends Placed> {
  readonly #tables = { 4: [] as Table<P>[], 6: [] as Table<P>[] };

  add(policy: P): void {
    for (const selector of policy.selectors) {
      for (const key of keysOf(selector)) {
        const table = this.#tableOf(key);
        const hash = hashOf(table, key.source.words, key.target.words);
        const list = table.candidates.get(hash) ?? [];
        const place = list.findIndex((other) => other.policy.place > policy.place);
        list.splice(place < 0 ? list.length : place, 0, { policy, selector });
        table.candidates.set(hash, list);
      }
    }
  }

  delete(policy: P): void {
    for (const selector of policy.selectors) {
      for (const key of keysOf(selector)) {
        const table = this.#tableOf(key);
        const hash = hashOf(table, key.source.words, key.target.words);
        const rest = table.candidates.get(hash)?.filter((other) => other.policy !== policy) ?? [];
        if (rest.length > 0) table.candidates.set(hash, rest);
        else table.candidates.delete(hash);
        if (table.candidates.size > 0) continue;
        this.#tables[key.version].splice(this.#tables[key.version].indexOf(table), 1);
      }
    }
  }

  /** The first policy in the order of search that matches. */
  find(fields: IpFields): P | undefined {
    let found: P | undefined;
    for (const table of this.#tables[fields.version]) {
      const list = table.candidates.get(hashOf(table, fields.source, fields.target));
      if (list === undefined) continue;
      for (const { policy, selector } of list) {
        if (found !== undefined && policy.place >= found.place) break;
        if (!matches(selector, fields)) continue;
        found = policy;
        break;
      }
    }
    return found;
  }

  #tableOf({ version, source, target }: Key): Table<P> {
    const tables = this.#tables[version];
    const known = tables.find((table) => table.source === source.length && table.target === target.length);
    if (known !== undefined) return known;
    const table: Table<P> = {
      source: source.length,
      target: target.length,
      sourceMask: maskOf(source.length, version),
      targetMask: maskOf(target.length, version),
      candidates: new Map(),
    };
    tables.push(table);
    return table;
  }
}

/** Where a selector lies: for each version that it can match, under each pair of a source and a target. */
function keysOf({ source, target }: CompiledSelector): Key[] {
  return ([4, 6] as const).flatMap((version) => {
    let sources = prefixesOf(source, version);
    let targets = prefixesOf(target, version);
    if (sources.length * targets.length > MOST_PAIRS) {
      sources = [cover(sources)];
      targets = [cover(targets)];
    }
    return sources.flatMap((from) => targets.map((to) => ({ version, source: from, target: to })));
  });
}

function prefixesOf(ranges: readonly AddressRange[] | undefined, version: 4 | 6): Prefix[] {
  if (ranges === undefined) return [EVERYTHING];
  const own = ranges.filter((range) => range.version === version);
  return own.map(({ first, last }) => prefixOf(first, commonBits(first, last, version === 4 ? 1 : WORDS)));
}

function cover(prefixes: readonly Prefix[]): Prefix {
  return prefixes.reduce((one, other) =>
    prefixOf(one.words, Math.min(one.length, other.length, commonBits(one.words, other.words, WORDS))),
  );
}

/** How many leading bits are the same. */
function commonBits(a: Uint32Array, b: Uint32Array, words: number): number {
  for (let word = 0; word < words; word++) {
    const difference = (a[word] as number) ^ (b[word] as number);
    if (difference !== 0) return 32 * word + Math.clz32(difference);
  }
  return 32 * words;
}

function prefixOf(words: Uint32Array, length: number): Prefix {
  return { length, words: words.map((word, at) => word & maskWord(length, at)) };
}

function maskOf(length: number, version: 4 | 6): Int32Array {
  return Int32Array.from({ length: version === 4 ? 1 : WORDS }, (_, word) => maskWord(length, word));
}

function maskWord(length: number, word: number): number {
  const bits = Math.min(32, Math.max(0, length - 32 * word));
  return bits === 0 ? 0 : -1 << (32 - bits);
}

function hashOf<P>({ sourceMask, targetMask }: Table<P>, source: Uint32Array, target: Uint32Array): number {
  let hash = 0;
  for (let word = 0; word < sourceMask.length; word++) {
    hash = mix(hash, (source[word] as number) & (sourceMask[word] as number));
    hash = mix(hash, (target[word] as number) & (targetMask[word] as number));
  }
  return hash & 0x3fff_ffff; // a small integer on every engine
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, GOLDEN);
  return mixed ^ (mixed >>> 15);
}
