// Opening with the engine: whatever it can verify. The rows of a key table become SAs when their first packet comes.

import type { EspSaRow, FoundEsp } from "../pcap/index.js";
import { IpsecError, type Sa, type SaConfig } from "../surface.js";
import { DataPlane } from "../wasm/inlined.js";
import { innerPacket } from "./inner.js";
import { DAMAGED, DUMMY, FORGED, type Opener, type Opening } from "./opener.js";

/** An SA needs addresses; over carrier "udp" they are only for the header that transport mode is given back. */
const ENDPOINTS = { source: "192.0.2.1", target: "192.0.2.2" };
/** What addSa says of a row whose algorithms or keys the engine does not take. */
const NOT_OURS: ReadonlySet<string> = new Set(["algorithm", "key-length", "weak-key"]);
const REBUILT_HEADER_LENGTH = 20;
const REBUILT_PROTOCOL_OFFSET = 9;
/** A capture is opened at one moment: nothing in it grows old. */
const NOW = 0;

/** SAs in as many planes as it takes: in one plane an SPI is one SA, in a key table it may be several. */
export class EnginePlanes {
  readonly #planes: { plane: DataPlane; spis: Set<number> }[] = [];

  /** Undefined: the engine does not do this row. */
  async opener(row: EspSaRow, found: FoundEsp): Promise<Opener | undefined> {
    const plane = await this.#planeFor(found.spi);
    try {
      return new EngineOpener(plane, row, found);
    } catch (error) {
      if (error instanceof IpsecError && NOT_OURS.has(error.code)) return undefined;
      throw error;
    }
  }

  close(): void {
    for (const { plane } of this.#planes) plane.close();
  }

  async #planeFor(spi: number): Promise<DataPlane> {
    let place = this.#planes.find(({ spis }) => !spis.has(spi) && spis.size < 1024);
    if (place === undefined) {
      place = {
        plane: await DataPlane.create({ carrier: "udp", limits: "client", profile: "legacy" }),
        spis: new Set(),
      };
      this.#planes.push(place);
    }
    place.spis.add(spi);
    return place.plane;
  }
}

class EngineOpener implements Opener {
  readonly title: string;
  readonly verifies = true;
  readonly #plane: DataPlane;
  readonly #row: EspSaRow;
  #sa: Sa;

  constructor(plane: DataPlane, row: EspSaRow, found: FoundEsp) {
    this.#plane = plane;
    this.#row = row;
    this.#sa = plane.addSa(saConfig(row, found, "tunnel"));
    this.title =
      this.#sa.integrity === undefined ? `${this.#sa.encryption}` : `${this.#sa.encryption} + ${this.#sa.integrity}`;
  }

  /** A table of keys does not say which mode an SA has: whatever is verified in one and is no packet may be the other. */
  open(found: FoundEsp, packet: Uint8Array): Opening {
    const opening = this.#tryMode(found, packet);
    if (opening.kind !== "damaged") return opening;
    const mode = this.#sa.mode === "tunnel" ? "transport" : "tunnel";
    this.#sa.delete();
    this.#sa = this.#plane.addSa(saConfig(this.#row, found, mode));
    return this.#tryMode(found, packet);
  }

  #tryMode(found: FoundEsp, packet: Uint8Array): Opening {
    const { verdict, packet: opened } = this.#plane.unprotect(NOW, found.esp);
    if (verdict === "forged") return FORGED;
    if (verdict === "dummy") return DUMMY;
    if (verdict !== "delivered" || opened === undefined) return DAMAGED;
    if (this.#sa.mode === "tunnel") return { kind: "opened", packet: opened };
    const nextHeader = opened[REBUILT_PROTOCOL_OFFSET] ?? 0;
    return innerPacket(opened.subarray(REBUILT_HEADER_LENGTH), nextHeader, found, packet);
  }
}

/** No window: in a capture, a packet seen twice is worth seeing twice. */
function saConfig(row: EspSaRow, found: FoundEsp, mode: "tunnel" | "transport"): SaConfig {
  const { encryption, aead } = row.encryption;
  const ends = mode === "tunnel" ? { mode, tunnel: ENDPOINTS } : { mode, endpoints: ENDPOINTS };
  const integrity = aead ? {} : { integrity: row.authentication.integrity, integrityKey: row.authenticationKey };
  return {
    direction: "in",
    protocol: "esp",
    spi: found.spi,
    ...ends,
    encryption,
    encryptionKey: row.encryptionKey,
    ...integrity,
    esn: row.esn,
    replayWindow: 0,
    // The number before the first one seen, so that the engine infers the high half the row names.
    initialSequence: row.esn ? before(BigInt(row.sequenceHigh), BigInt(found.sequence)) : 0n,
  } as SaConfig; // The names come from a file: addSa checks them.
}

function before(high: bigint, low: bigint): bigint {
  const sequence = (high << 32n) | low;
  return sequence === 0n ? 0n : sequence - 1n;
}
