// The smoke test, told once for every place that runs it: an SA each way, a packet sealed and opened.

/** An ES module whose `run` answers what happened. */
export const SMOKE = `
import { DataPlane } from "wasm-ipsec";

export async function run(variant) {
  const started = performance.now();
  const plane = await DataPlane.create({ carrier: "udp", variant });
  const association = {
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    encryption: "aes-gcm-16",
    encryptionKey: crypto.getRandomValues(new Uint8Array(20)),
    tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
  };
  const out = plane.addSa({ ...association, direction: "out" });
  plane.addSa({ ...association, direction: "in" });
  const packet = Uint8Array.of(69, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 1, 0, 7, 10, 2, 0, 9);
  const { verdict, datagrams } = plane.protect(0, packet, out);
  const millisecondsToFirstPacket = performance.now() - started;
  const datagram = [...datagrams[0]];
  const opened = plane.unprotect(0, datagrams[0]);
  const same = opened.packet.length === packet.length && opened.packet.every((byte, i) => byte === packet[i]);
  return { sealed: verdict, datagram, opened: opened.verdict, same, variant: plane.variant, millisecondsToFirstPacket };
}
`;

/** What `run` answers. */
export interface SmokeResult {
  readonly sealed: string;
  readonly datagram: readonly number[];
  readonly opened: string;
  readonly same: boolean;
  readonly variant: string;
  readonly millisecondsToFirstPacket: number;
}

/** What is wrong with `result`, in a realm where "auto" is `auto`; an empty list when nothing is. */
export function complaints(result: SmokeResult | string, asked: string, auto: string): string[] {
  if (typeof result === "string") return [result];
  const { sealed, datagram, opened, same, variant, millisecondsToFirstPacket } = result;
  const wanted = asked === "auto" ? auto : asked;
  // RFC 4303 section 2: SPI, sequence number; RFC 4106 section 3.1: 8 bytes of IV. 20 bytes of packet, 2 of padding, pad
  // length and next header, 16 bytes of ICV.
  const length = 4 + 4 + 8 + 20 + 2 + 2 + 16;
  return [
    sealed === "sealed" ? "" : `sealing answered ${sealed}`,
    datagram.length === length ? "" : `the datagram has ${datagram.length} bytes, not ${length}`,
    datagram.slice(0, 8).join() === "0,0,16,1,0,0,0,1" ? "" : `the datagram starts with ${datagram.slice(0, 8)}`,
    opened === "delivered" ? "" : `opening answered ${opened}`,
    same ? "" : "the packet changed on its way",
    variant === wanted ? "" : `the variant is ${variant}, not ${wanted}`,
    // Two to forty are usual. workerd's clock may stand still, and says 0.
    millisecondsToFirstPacket < 1000 ? "" : `the first packet took ${millisecondsToFirstPacket} ms`,
  ].filter((complaint) => complaint !== "");
}
