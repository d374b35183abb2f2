// What became of the packets, as a table.

import { alignTable } from "./table.js";

export type Outcome = "opened" | "forged" | "damaged" | "unknown SPI" | "no key";

const OUTCOMES: readonly Outcome[] = ["opened", "forged", "damaged", "unknown SPI", "no key"];

interface SpiCounts {
  readonly counts: Record<Outcome, number>;
  /** What opened its packets, or why nothing did. */
  readonly notes: Set<string>;
}

export class Summary {
  packets = 0;
  espPackets = 0;
  incompleteFragments = 0;
  readonly #spis = new Map<number, SpiCounts>();

  count(spi: number, outcome: Outcome, note: string): void {
    let row = this.#spis.get(spi);
    if (row === undefined) {
      row = { counts: { opened: 0, forged: 0, damaged: 0, "unknown SPI": 0, "no key": 0 }, notes: new Set() };
      this.#spis.set(spi, row);
    }
    this.espPackets++;
    row.counts[outcome]++;
    row.notes.add(note);
  }

  get opened(): number {
    return this.#total("opened");
  }

  toString(): string {
    const lines = [`${this.packets} packets, ${this.espPackets} of them ESP, ${this.opened} opened`];
    if (this.incompleteFragments > 0) lines.push(`${this.incompleteFragments} fragments never became a packet`);
    if (this.espPackets === 0) return lines.join("\n");
    const table = [["SPI", "packets", ...OUTCOMES, "how"]];
    for (const [spi, { counts, notes }] of this.#spis) {
      const numbers = OUTCOMES.map((outcome) => counts[outcome]);
      const sum = numbers.reduce((total, count) => total + count, 0);
      table.push([`0x${spi.toString(16).padStart(8, "0")}`, ...[sum, ...numbers].map(String), [...notes].join("; ")]);
    }
    return [...lines, "", alignTable(table)].join("\n");
  }

  #total(outcome: Outcome): number {
    let total = 0;
    for (const { counts } of this.#spis.values()) total += counts[outcome];
    return total;
  }
}
