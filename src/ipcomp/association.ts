// What an SA keeps of its IPComp association, RFC 3173 section 4: the CPI, what it counts, and when it spares itself the
// attempt.
import { IpsecError } from "../errors.js";
import type { SaConfig } from "../sad/config.js";
import type { Compressor } from "./codec.js";

/** An IPComp association that travels inside the SA. */
export interface CompressionConfig {
  readonly algorithm: "deflate";
  /** 2, DEFLATE by its well-known number, or as negotiated 256..61439 (RFC 3173 section 3.3). Default 2. */
  readonly cpi?: number;
  /** Shorter payloads go as they are, 0..65535 bytes. Default 90. */
  readonly minimumLength?: number;
}

const DEFLATE = 2;
const MINIMUM_LENGTH = 90;
/** RFC 3173 section 2.2: after so many attempts in a row that gained nothing, so many packets go without one. */
const FAILURES_IN_A_ROW = 5;
const SPARED_PACKETS = 50;

export class CompressionAssociation {
  readonly cpi: number;
  readonly minimumLength: number;
  compressed = 0;
  notCompressed = 0;
  compressFailed = 0;
  decompressed = 0;
  notDecompressed = 0;
  decompressFailed = 0;
  #failures = 0;
  #spared = 0;

  constructor({ cpi = DEFLATE, minimumLength = MINIMUM_LENGTH }: CompressionConfig) {
    this.cpi = cpi;
    this.minimumLength = minimumLength;
  }

  /** Whether a payload of `length` bytes is worth an attempt. */
  attempts(length: number): boolean {
    if (length < this.minimumLength || this.#spared > 0) {
      if (this.#spared > 0) this.#spared--;
      this.notCompressed++;
      return false;
    }
    return true;
  }

  /** An attempt has made the payload shorter, or has not. */
  attempted(gained: boolean): void {
    if (gained) this.compressed++;
    else this.compressFailed++;
    this.#failures = gained ? 0 : this.#failures + 1;
    if (this.#failures < FAILURES_IN_A_ROW) return;
    this.#failures = 0;
    this.#spared = SPARED_PACKETS;
  }
}

/** Throws `option`. */
export function checkCompression({ compression, tfcPadding = 0 }: SaConfig, compressor: Compressor | undefined): void {
  if (compression === undefined) return;
  const { algorithm, cpi = DEFLATE, minimumLength = MINIMUM_LENGTH } = compression;
  if (algorithm !== "deflate") {
    throw new IpsecError("option", `compression.algorithm is "${String(algorithm)}": "deflate" is allowed`);
  }
  if (!Number.isInteger(cpi) || (cpi !== DEFLATE && (cpi < 256 || cpi > 61439))) {
    throw new IpsecError("option", `compression.cpi is ${cpi}: 2 or a whole number from 256 to 61439 is allowed`);
  }
  if (!Number.isInteger(minimumLength) || minimumLength < 0 || minimumLength > 65535) {
    throw new IpsecError("option", `compression.minimumLength is ${minimumLength}: 0 to 65535 is allowed`);
  }
  // Only an IP header says where TFC padding begins, and it is compressed.
  if (tfcPadding > 0) throw new IpsecError("option", "tfcPadding and compression exclude each other: give one of them");
  if (compressor?.algorithm === algorithm) return;
  throw new IpsecError(
    "option",
    "compression needs a plane that has it: DataPlane.create({ compression: deflate }), deflate from wasm-ipsec/ipcomp",
  );
}

export function compressionCounts(association: CompressionAssociation | undefined) {
  return {
    compressed: association?.compressed ?? 0,
    notCompressed: association?.notCompressed ?? 0,
    compressFailed: association?.compressFailed ?? 0,
    decompressed: association?.decompressed ?? 0,
    notDecompressed: association?.notDecompressed ?? 0,
    decompressFailed: association?.decompressFailed ?? 0,
  };
}
