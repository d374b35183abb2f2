// Why a packet ends as it does: the rule behind each verdict, and where it stands.
import type { Verdict } from "../verdict.js";

export interface Rule {
  readonly rule: string;
  /** An RFC's section, or the guide's (Cisco, "IPsec Data Plane Configuration Guide, IOS XE Release 2"). */
  readonly source: string;
}

/** By direction, where a verdict has two causes. */
export interface Rules {
  readonly out?: Rule;
  readonly in?: Rule;
}

const rule = (text: string, source: string): Rule => ({ rule: text, source });

export const RULES: Readonly<Record<Verdict, Rules>> = {
  sealed: { out: rule("a policy or the caller gave it an SA, and it fitted", "RFC 4301 section 5.1") },
  delivered: { in: rule("authentic, new, and of the traffic that its SA is for", "RFC 4301 section 5.2") },
  dummy: { in: rule("next header 59 fills the line and is discarded without a word", "RFC 4303 section 2.6") },
  "no-sa": {
    out: rule("what is to be protected is never sent clear: without a live SA it is dropped", "RFC 4301 section 5.1"),
    in: rule("its SA was deleted between staging and flush", "RFC 4301 section 4.4.2"),
  },
  exhausted: {
    out: rule("a sequence number is never used twice: after the last one the SA is over", "RFC 4303 section 3.3.3"),
  },
  malformed: {
    out: rule("it is no whole IPv4 or IPv6 packet", "RFC 791 section 3.1, RFC 8200 section 3"),
    in: rule("it is too short or its lengths contradict each other", "RFC 4303 section 2, RFC 4302 section 2"),
  },
  "unknown-spi": { in: rule("no inbound SA has this SPI", "RFC 4303 section 3.4.2") },
  expired: { in: rule("the SA's hard lifetime is over", "RFC 4301 section 4.4.2.1") },
  stale: { in: rule("its number is left of the anti-replay window", "RFC 4303 section 3.4.3") },
  replayed: { in: rule("a number is accepted once", "RFC 4303 section 3.4.3") },
  forged: {
    in: rule(
      "its ICV does not verify: another key, a change under way, or with ESN a number far behind the window",
      "RFC 4303 section 3.4.4, RFC 4302 section 3.4.4",
    ),
  },
  "bad-trailer": { in: rule("authentic, but its padding is not 1, 2, 3 ...", "RFC 4303 section 2.4") },
  "policy-mismatch": {
    out: rule("the SA's selectors do not have this packet", "RFC 4301 section 4.4.2"),
    in: rule("what came out of the SA is not what it is for", "RFC 4301 section 5.2 step 4"),
  },
  bypassed: {
    out: rule("the first policy that matches says bypass: it goes clear", "RFC 4301 section 5.1"),
    in: rule("the first policy that matches says bypass: it came clear and may", "RFC 4301 section 5.2"),
  },
  discarded: {
    out: rule("the first policy that matches says discard, or none matches", "RFC 4301 section 5.1"),
    in: rule("it came clear and no policy lets it", "RFC 4301 section 5.2"),
  },
  "too-big": {
    out: rule(
      "sealed it is longer than the path takes, and it may not be cut",
      "RFC 4301 section 8.2; guide, pre-fragmentation",
    ),
    in: rule("what it becomes has no room: no jumbo slot is free, or the target is short", "RFC 3173 section 2"),
  },
  keepalive: { in: rule("one byte 0xff keeps a NAT's mapping and says nothing", "RFC 3948 section 2.3") },
  ike: { in: rule("four zero bytes where the SPI stands: it is for IKE", "RFC 3948 section 2.2") },
  waiting: { in: rule("a fragment: its datagram is opened once the last has come", "RFC 4303 section 3.4.1") },
  overlap: { in: rule("fragments that overlap: the whole datagram is refused", "RFC 5722 section 4, RFC 3128") },
  "too-many-fragments": {
    in: rule("its datagram comes in more fragments than are kept", "RFC 8200 section 4.5; a bound"),
  },
  fragment: {
    out: rule("transport mode carries whole packets only", "RFC 4303 section 3.3.4"),
    in: rule("a plane without places for fragments refuses them", "RFC 4303 section 3.4.1"),
  },
};
