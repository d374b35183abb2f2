// What a kernel call can answer for one packet. Read by asc and by tsc.
//
// PENDING is what the engine stages; everything else ends the packet. A kernel call leaves a packet that is
// not PENDING alone, so the engine may settle one before the call.

export const PENDING = 0;
export const SEALED = 1;
export const DELIVERED = 2;
export const DUMMY = 3;
export const NO_SA = 4;
export const EXHAUSTED = 5;
export const MALFORMED = 6;
export const UNKNOWN_SPI = 7;
export const EXPIRED = 8;
export const STALE = 9;
export const REPLAYED = 10;
export const FORGED = 11;
export const BAD_TRAILER = 12;
export const POLICY_MISMATCH = 13;

// What join (reassemble.ts) can answer.
export const JOIN_WAITING = 0;
export const JOINED = 1;
export const JOIN_OVERLAP = 2;
export const JOIN_MALFORMED = 3; // the fragment
export const JOINED_MALFORMED = 4; // the datagram, now that it is whole
