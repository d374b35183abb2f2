/** What can be wrong with a call. Stable: programs may compare them. */
export type IpsecErrorCode =
  | "algorithm"
  | "key-length"
  | "weak-key"
  | "spi"
  | "duplicate-spi"
  | "mode"
  | "address"
  | "port"
  | "selector"
  | "sequence"
  | "replay-window"
  | "lifetime"
  | "mtu"
  | "option"
  | "carrier-mismatch"
  | "limit"
  | "policy"
  | "peer"
  | "now"
  | "packet"
  | "target-too-small"
  | "wasm"
  | "closed"
  | "unsupported"
  | "capture"
  | "key-file"
  | "adapter";

/** Misuse by the programmer. Packets never cause one. The message says what was wrong and what is allowed. */
export class IpsecError extends Error {
  override readonly name = "IpsecError";
  readonly code: IpsecErrorCode;
  constructor(code: IpsecErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
