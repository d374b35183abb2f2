// What opens the ESP of one row of keys.

import type { FoundEsp } from "../pcap/index.js";

export type Opening =
  /** The packet that was inside; absent for a dummy (RFC 4303 section 2.6). */
  | { readonly kind: "opened"; readonly packet: Uint8Array | undefined }
  /** The ICV does not verify: damaged, forged, or another key. */
  | { readonly kind: "forged" }
  /** Verified or not, what came out is not a packet. */
  | { readonly kind: "damaged" };

export interface Opener {
  /** For people: the suite, and what opened it if it was not the engine. */
  readonly title: string;
  readonly verifies: boolean;
  open(found: FoundEsp, packet: Uint8Array): Opening;
}

export const FORGED: Opening = { kind: "forged" };
export const DAMAGED: Opening = { kind: "damaged" };
export const DUMMY: Opening = { kind: "opened", packet: undefined };
