// RFC 4301 section 7: what a later fragment may is what its first fragment may.
import type { IpPacket } from "./ip.js";
import { placesOf } from "./reassembly.js";

interface First {
  readonly key: string;
  readonly ip: IpPacket;
  readonly end: number;
  readonly since: number;
}

export class ReferenceFirstFragments {
  #firsts: First[] = [];

  /** `ip` with the ports by which it is judged. */
  judge(scope: string, packet: Uint8Array, ip: IpPacket, now: number): IpPacket {
    if (!ip.isFragment) return ip;
    const bytes = Buffer.from(packet);
    const at = ip.version === 4 ? 0 : placesOf(bytes)[1];
    const offset = ip.version === 4 ? (bytes.readUInt16BE(6) % 0x2000) * 8 : bytes.readUInt16BE(at + 2) & 0xfff8;
    const id = ip.version === 4 ? `${bytes.readUInt16BE(4)} ${ip.protocol}` : `${bytes.readUInt32BE(at + 4)}`;
    const key = `${scope} ${[...ip.source]} ${[...ip.target]} ${id}`;
    const alive = this.#firsts.filter((first) => first.key === key && now - first.since < 30_000);
    if (offset === 0) {
      const end = ip.totalLength - (ip.version === 4 ? ip.headerLength : at + 8);
      // What has run out is forgotten; one that is not forgotten lives as long as the newest.
      if (ip.ports === undefined) return ip;
      const others = this.#firsts.filter((first) => first.key !== key);
      this.#firsts = [
        ...others,
        ...[...alive, { key, ip, end, since: now }].map((first) => ({ ...first, since: now })),
      ];
      return ip;
    }
    const [first] = alive;
    if (first === undefined || alive.some((one) => one.end > offset || !sameFlow(one.ip, first.ip))) return ip;
    return { ...ip, protocol: first.ip.protocol, ports: first.ip.ports };
  }
}

function sameFlow(a: IpPacket, b: IpPacket): boolean {
  return a.protocol === b.protocol && String(a.ports) === String(b.ports);
}
