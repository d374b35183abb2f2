// wasm-ipsec/ipcomp: DEFLATE for IPComp, RFC 2394. The only file that knows fflate.
import { deflateSync, Inflate } from "fflate";
import type { Compressor } from "./codec.js";

export type { Compressor } from "./codec.js";

/** Bytes inflated at once: a stream of DEFLATE grows 1032-fold at most, so a bomb is noticed within a megabyte. */
const PIECE = 1024;

/** `DataPlane.create({ compression: deflate })`. */
export const deflate: Compressor = {
  algorithm: "deflate",
  compress: (bytes) => deflateSync(bytes),
  inflate(bytes, most) {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const stream = new Inflate((piece) => {
      length += piece.length;
      pieces.push(piece);
    });
    try {
      for (let at = 0; at < bytes.length && length <= most; at += PIECE) {
        stream.push(bytes.slice(at, at + PIECE), at + PIECE >= bytes.length);
      }
    } catch {
      return undefined; // Not DEFLATE, or the end is missing.
    }
    return length > most || bytes.length === 0 ? undefined : joined(pieces, length);
  },
};

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
