// show crypto ipsec sa [map NAME | peer ADDRESS | address | identity | interface NAME] [detail]
import { spiNumber, spiPadded } from "./spi.js";
import type { Ident, IdentCounters, ProxyIdentity, ShownSa } from "./state.js";

export interface IpsecSaFilter {
  readonly map?: string;
  /** Its address. */
  readonly peer?: string;
  readonly interface?: string;
  /** "address": SAs by where they lead. "identity": what is protected, without SAs. */
  readonly form?: "address" | "identity";
  readonly detail?: boolean;
}

export function showIpsecSa(idents: readonly Ident[], filter: IpsecSaFilter = {}): string {
  const chosen = idents.filter(
    (ident) =>
      (filter.map === undefined || ident.map === filter.map) &&
      (filter.peer === undefined || ident.peer === filter.peer) &&
      (filter.interface === undefined || ident.interface.toLowerCase() === filter.interface.toLowerCase()),
  );
  if (filter.form === "address") return byAddress(chosen);
  const lines: string[] = [];
  for (const [index, ident] of chosen.entries()) {
    const before = chosen[index - 1];
    if (before?.interface !== ident.interface) lines.push(`interface: ${ident.interface}`);
    if (before?.interface !== ident.interface || before.map !== ident.map) {
      lines.push(`  Crypto map tag: ${ident.map}, local addr. ${ident.localAddress}`);
    }
    lines.push(...identLines(ident, filter.detail ?? false));
    if (filter.form !== "identity") lines.push(...saLists(ident.sas));
  }
  return lines.length === 0 ? "No SAs found" : lines.join("\n");
}

function identLines(ident: Ident, detail: boolean): string[] {
  const outbound = ident.sas.filter((sa) => sa.direction === "out" && sa.protocol === "esp").at(-1);
  const spi = outbound ?? ident.sas.filter((sa) => sa.direction === "out").at(-1);
  return [
    "  protected vrf:",
    `  local ident (addr/mask/prot/port): (${proxyText(ident.local)})`,
    `  remote ident (addr/mask/prot/port): (${proxyText(ident.remote)})`,
    `  current_peer: ${ident.peer}:${ident.peerPort}`,
    `    PERMIT, flags={${ident.origin === "dynamic map" ? "" : "origin_is_acl,"}}`,
    ...counterLines(ident.counters).map((line) => `    ${line}`),
    ...(detail ? detailLines(ident.counters).map((line) => `    ${line}`) : []),
    `    local crypto endpt.: ${ident.localAddress}, remote crypto endpt.: ${ident.peer}`,
    `    path mtu ${ident.pathMtu}, media mtu ${ident.mediaMtu}`,
    `    current outbound spi: ${spi === undefined ? "0" : spiPadded(spi.spi)}`,
  ];
}

function proxyText({ address, mask, protocol, port }: ProxyIdentity): string {
  return `${address}/${mask}/${protocol}/${port}`;
}

function counterLines(c: IdentCounters): string[] {
  return [
    `#pkts encaps: ${c.encaps}, #pkts encrypt: ${c.encrypt}, #pkts digest: ${c.digest}`,
    `#pkts decaps: ${c.decaps}, #pkts decrypt: ${c.decrypt}, #pkts verify: ${c.verify}`,
    `#pkts compressed: ${c.compressed}, #pkts decompressed: ${c.decompressed}`,
    `#pkts not compressed: ${c.notCompressed}, #pkts compr. failed: ${c.compressFailed}`,
    `#pkts not decompressed: ${c.notDecompressed}, #pkts decompress failed: ${c.decompressFailed}`,
    `#send errors ${c.sendErrors}, #recv errors ${c.receiveErrors}`,
  ];
}

function detailLines(c: IdentCounters): string[] {
  return [
    `#pkts no sa (send) ${c.noSa}, #pkts verify failed (rcv) ${c.verifyFailed}`,
    `#pkts replay failed (rcv) ${c.replayFailed}, #pkts invalid identity (rcv) ${c.invalidIdentity}`,
    `#pkts invalid len (rcv) ${c.invalidLength}`,
  ];
}

function saLists(sas: readonly ShownSa[]): string[] {
  return (["in", "out"] as const).flatMap((direction) =>
    (["esp", "ah", "pcp"] as const).flatMap((protocol) => [
      `  ${direction}bound ${protocol} sas:`,
      ...sas
        .filter((sa) => sa.direction === direction && sa.protocol === protocol)
        .flatMap((sa) => saLines(sa, "    ")),
    ]),
  );
}

function saLines(sa: ShownSa, indent: string): string[] {
  const mode = sa.mode === "tunnel" ? "Tunnel" : "Transport";
  return [
    `${indent}spi: ${spiNumber(sa.spi)}`,
    ...[
      `transform: ${sa.transform},`,
      `in use settings ={${mode}${sa.udpEncapsulation ? " UDP-Encaps" : ""}, }`,
      `slot: 0, conn id: ${sa.connectionId}, flow_id: ${sa.flowId}, crypto map: ${sa.map}`,
      "crypto engine type: Hardware",
      `sa timing: remaining key lifetime (k/sec): (${sa.remainingKilobytes}/${sa.remainingSeconds})`,
      ...(sa.protocol === "esp" ? [`IV size: ${sa.ivLength} bytes`] : []),
      `replay detection support: ${sa.replayDetection ? "Y" : "N"}`,
    ].map((line) => `${indent}  ${line}`),
  ];
}

function byAddress(idents: readonly Ident[]): string {
  const lines: string[] = [];
  const all = idents.flatMap((ident) =>
    ident.sas.map((sa) => ({ sa, address: sa.direction === "in" ? ident.localAddress : ident.peer })),
  );
  for (const address of new Set(all.map((one) => one.address))) {
    lines.push(`dest address: ${address}`);
    for (const protocol of ["esp", "ah", "pcp"] as const) {
      const sas = all.filter((one) => one.address === address && one.sa.protocol === protocol);
      if (sas.length > 0) lines.push(`   protocol: ${protocol.toUpperCase()}`);
      lines.push(...sas.flatMap(({ sa }) => saLines(sa, "      ")));
    }
  }
  return lines.length === 0 ? "No SAs found" : lines.join("\n");
}
