// The numbers of the last packet, by name, as text for a person.
import type { Verdict } from "../verdict.js";
import type { IpFields } from "../wire/fields.js";
import { selectorOf } from "./described.js";
import type { LastEnd, LastSa } from "./last-end.js";

export interface Fact {
  readonly name: string;
  readonly value: string;
}

export function factsOf(verdict: Verdict, last: LastEnd): Fact[] {
  const facts: Fact[] = [];
  const tell = (name: string, value: string | number | bigint) => {
    facts.push(Object.freeze({ name, value: String(value) }));
  };
  tell("direction", last.direction);
  tell("at", `${last.now} ms`);
  tell("length", `${last.length} bytes`);
  if (last.hasSa || last.spi >= 0) tell("spi", spiText(last.hasSa ? last.sa.spi : last.spi));
  if (last.remote !== "") tell("from", last.remote);
  if (last.hasFields) tell(verdict === "unknown-spi" ? "outer header" : "packet", packetText(last.fields));
  if (verdict === "no-sa") tell("reason", withoutSa(last));
  if (last.sequence >= 0n) tell("sequence", last.sequence);
  if (last.hasSa) tellSa(verdict, last, tell);
  return facts;
}

type Tell = (name: string, value: string | number | bigint) => void;

function tellSa(verdict: Verdict, last: LastEnd, tell: Tell): void {
  const { sa } = last;
  switch (verdict) {
    case "stale":
    case "replayed":
    case "forged":
      tell("highest accepted", sa.highest);
      if (verdict === "stale") tell("behind", sa.highest - last.sequence);
      tell("window", sa.replayWindow === 0 ? "off" : `${sa.replayWindow} numbers`);
      if (sa.esn) tell("sequence numbers", "64 bits");
      return;
    case "exhausted":
      tell("last number", sa.highest);
      tell("sequence numbers", sa.esn ? "64 bits" : "32 bits");
      return;
    case "no-sa":
    case "expired":
      tell("state", sa.state);
      tellLifetime(sa, tell);
      return;
    case "policy-mismatch":
      tell(
        "selectors",
        sa.selectors === undefined ? "any; a bundle names what it must come out of" : JSON.stringify(sa.selectors),
      );
      return;
    case "too-big":
      if (last.direction === "in") return;
      tell("sealed", `${last.sealedLength} bytes`);
      tell("path mtu", `${sa.pathMtu} bytes${sa.pathMtuIsOwn ? "" : ", as the path says"}`);
      if (sa.tunnelMtu !== Infinity) tell("tunnel mtu", `${sa.tunnelMtu} bytes`);
      if (last.fields.version === 4) tell("DF", last.fields.dontFragment ? "set" : "clear");
      return;
    case "fragment":
      tell("mode", sa.transport ? "transport" : "tunnel");
  }
}

function tellLifetime(sa: LastSa, tell: Tell): void {
  if (sa.hardAfterMs !== Infinity) tell("seconds", `${Math.floor(sa.ageMs / 1000)} of ${sa.hardAfterMs / 1000}`);
  if (sa.hardPackets !== Infinity) tell("packets", `${sa.packets} of ${sa.hardPackets}`);
  if (sa.hardBytes !== Infinity) tell("bytes", `${sa.bytes} of ${sa.hardBytes}`);
}

/** Which of the ways to have no SA it was. */
function withoutSa({ hasSa, sa, direction, counted }: LastEnd): string {
  if (!hasSa) return "the policy was given no SA yet";
  if (sa.state === "deleted") return "the SA has been deleted";
  if (sa.direction !== direction) return "the SA opens packets, it does not seal them";
  if (sa.ageMs >= sa.hardAfterMs) return "the SA has expired: seconds";
  if (sa.packets + 1 > sa.hardPackets) return "the SA has expired: packets";
  if (sa.bytes + counted > sa.hardBytes) return "the SA has expired: kilobytes";
  if (sa.state === "live" && sa.insideAh)
    return "the SA has no ICV: it seals as the inner one of a bundle with AH next, not alone";
  return sa.state === "expired" ? "the SA has expired" : "the SA is another plane's, or of a packet that was cut";
}

function spiText(spi: number): string {
  return `0x${spi.toString(16)} (${spi})`;
}

function packetText(fields: IpFields): string {
  const { source, target, protocol, sourcePort, targetPort, icmpType, icmpCode, mobilityType } = selectorOf(fields);
  const end = (address: string, port: number | undefined) => (port === undefined ? address : `${address} port ${port}`);
  const code = icmpType === undefined ? "" : ` code ${icmpCode}`;
  const message =
    fields.portsReadable && (icmpType ?? mobilityType) !== undefined ? ` type ${icmpType ?? mobilityType}` : "";
  const df = fields.version === 4 && fields.dontFragment ? ", DF" : "";
  return `${end(source, sourcePort)} to ${end(target, targetPort)}, protocol ${protocol}${message}${code}${df}`;
}
