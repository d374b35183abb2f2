// What an IKE implementation tells of its SAs, as far as the payloads here need it.
import type { IkeVersion } from "./payload.js";

/** The SPIs of an IKE SA (IKEv1: its cookies), 8 bytes each. */
export interface IkeSpis {
  readonly initiatorSpi: Uint8Array;
  readonly responderSpi: Uint8Array;
}

export interface IkeSa extends IkeSpis {
  readonly version: IkeVersion;
}
