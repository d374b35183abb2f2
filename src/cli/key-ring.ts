// From a packet's SPI and addresses to what may open it: the rows that fit, in the order of the table.

import { type EspSaMatcher, type EspSaRow, espSaMatcher, type FoundEsp } from "../pcap/index.js";
import { EnginePlanes } from "./engine-opener.js";
import { nodeOpener } from "./node-opener.js";
import type { Opener } from "./opener.js";

export interface Candidates {
  readonly openers: readonly Opener[];
  /** Why there are none. */
  readonly reason: "unknown SPI" | "no key";
  /** The same for people. */
  readonly explanation: string;
}

export class KeyRing {
  readonly #matchers: readonly EspSaMatcher[];
  readonly #exactSpis: ReadonlySet<number | undefined>;
  readonly #known = new Map<string, Candidates>();
  readonly #planes = new EnginePlanes();

  constructor(rows: readonly EspSaRow[]) {
    this.#matchers = rows.map(espSaMatcher);
    this.#exactSpis = new Set(this.#matchers.map((matcher) => matcher.exactSpi));
  }

  /** Whether a row names this SPI and no other: enough to take a UDP payload for ESP. */
  readonly names = (spi: number): boolean => this.#exactSpis.has(spi);

  async candidates(found: FoundEsp): Promise<Candidates> {
    const name = `${found.spi} ${found.source} ${found.target}`;
    let known = this.#known.get(name);
    if (known === undefined) {
      known = await this.#find(found);
      this.#known.set(name, known);
    }
    return known;
  }

  close(): void {
    this.#planes.close();
  }

  async #find(found: FoundEsp): Promise<Candidates> {
    const forSpi = this.#matchers.filter((matcher) => matcher.matchesSpi(found.spi));
    if (forSpi.length === 0) return { openers: [], reason: "unknown SPI", explanation: "no row for this SPI" };
    const fitting = forSpi.filter((matcher) => matcher.matches(found.source, found.target, found.spi));
    const openers: Opener[] = [];
    for (const row of withoutShadows(fitting.map((matcher) => matcher.row))) {
      const opener = (isVerifiable(row) ? await this.#planes.opener(row, found) : undefined) ?? nodeOpener(row);
      if (opener !== undefined) openers.push(opener);
    }
    return { openers, reason: "no key", explanation: whyNone(forSpi, fitting) };
  }
}

/** Without the rows that would open unverified what another row, with the same key, has found forged. */
function withoutShadows(rows: readonly EspSaRow[]): readonly EspSaRow[] {
  const verified = new Set(rows.filter(isVerifiable).map((row) => `${row.encryption.encryption} ${row.encryptionKey}`));
  return rows.filter((row) => isVerifiable(row) || !verified.has(`${row.encryption.encryption} ${row.encryptionKey}`));
}

/** The engine opens nothing unverified. */
function isVerifiable({ encryption, authentication }: EspSaRow): boolean {
  return encryption.aead || authentication.integrity !== undefined;
}

function whyNone(forSpi: readonly EspSaMatcher[], fitting: readonly EspSaMatcher[]): string {
  const [row] = (fitting.length > 0 ? fitting : forSpi).map((matcher) => matcher.row);
  if (row === undefined) return "";
  if (fitting.length === 0) return `line ${row.line} is for other addresses`;
  return `line ${row.line}: ${row.encryption.name} with ${row.authentication.name} is not supported`;
}
