// What compresses and what inflates, handed to the engine from outside: who needs no IPComp carries none.

/** A compression algorithm of IPComp, RFC 3173: stateless, one packet a stream. `wasm-ipsec/ipcomp` has DEFLATE. */
export interface Compressor {
  readonly algorithm: "deflate";
  /** The compressed bytes, whole and final; they may be longer than `bytes`. */
  compress(bytes: Uint8Array): Uint8Array;
  /** The bytes that went in, or undefined: broken, cut short, or more than `most` of them. Must never hold many more. */
  inflate(bytes: Uint8Array, most: number): Uint8Array | undefined;
}
