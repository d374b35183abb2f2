// show crypto session
import { writeAccessRule } from "../write.js";
import type { Ident, IsakmpSa } from "./state.js";

const ORIGINS: Readonly<Record<Ident["origin"], string>> = {
  map: "crypto map",
  "dynamic map": "dynamic crypto map",
  tunnel: "crypto map", // of the tunnel's own, made from its profile
  ezvpn: "crypto map",
};

export function showSession(idents: readonly Ident[], isakmp: readonly IsakmpSa[]): string {
  const lines = ["Crypto session current status"];
  const sessions = new Map<string, Ident[]>();
  for (const ident of idents) {
    const key = `${ident.interface} ${ident.localAddress} ${ident.peer}`;
    sessions.set(key, [...(sessions.get(key) ?? []), ident]);
  }
  for (const flows of sessions.values()) {
    const [first] = flows as [Ident];
    const ike = isakmp.find((sa) => !sa.deleted && [sa.source, sa.target].includes(first.peer));
    const hasSas = flows.some((flow) => flow.sas.length > 0);
    lines.push(
      "",
      `Interface: ${first.interface}`,
      `Session status: ${status(hasSas, ike !== undefined)}`,
      `Peer: ${first.peer} port ${first.peerPort}`,
    );
    if (ike !== undefined) {
      const ends = `local ${first.localAddress}/500 remote ${first.peer}/${first.peerPort}`;
      lines.push(`  IKE SA: ${ends} Active`);
    }
    for (const flow of flows) {
      lines.push(
        `  IPSEC FLOW: ${writeAccessRule(flow.rule)}`,
        `        Active SAs: ${flow.sas.length}, origin: ${ORIGINS[flow.origin]}`,
      );
    }
  }
  return lines.join("\n");
}

function status(hasSas: boolean, hasIke: boolean): string {
  if (hasSas) return hasIke ? "UP-ACTIVE" : "UP-NO-IKE";
  return hasIke ? "UP-IDLE" : "DOWN";
}
