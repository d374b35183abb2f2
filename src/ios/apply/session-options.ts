// What a session is given: whoever does IKE, a log, chance.
import type { IkePort } from "../../ike/port.js";
import type { IsakmpSa } from "../show/state.js";
import type { JournalOptions } from "./journal.js";

/** An IKE implementation: the port it plugs into, and what `show crypto isakmp sa` prints of it. */
export interface IosIke extends IkePort {
  /** Its SAs, those deleted a short while ago among them. */
  readonly sas: readonly IsakmpSa[];
}

export interface SessionOptions extends JournalOptions {
  /**
   * Whoever does IKE: it is asked for SAs and answers through `install`, tells of its own SAs through `established`, of
   * messages through `informed`. Absent: SAs come through `install` alone, and no probe is answered.
   */
  readonly ike?: IosIke;
  /** Numbers from 0 to below 1, for reduced volumes and exchange numbers. Default: from crypto.getRandomValues. */
  readonly chance?: () => number;
}
