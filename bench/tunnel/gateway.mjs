// One end of our tunnel: a TUN device, a plane and a UDP socket, in a process of its own inside a namespace. Its
// configuration comes on stdin; it says "ready" and runs until SIGTERM.
import { text } from "node:stream/consumers";
import { DataPlane } from "wasm-ipsec";
import { NodeUdp } from "wasm-ipsec/adapters/node-udp";
import { Tun } from "wasm-ipsec/adapters/tun";
import { ip } from "./network.mjs";

const NAT_T_PORT = 4500;
/** What strongSwan gives its own device. */
const TUN_MTU = 1400;

const { mine, other, keys } = JSON.parse(await text(process.stdin));
const plane = await DataPlane.create({ carrier: "udp", warm: ["aes-gcm-16"] });
const association = {
  protocol: "esp",
  mode: "tunnel",
  encryption: "aes-gcm-16",
  natTraversal: { sourcePort: NAT_T_PORT, targetPort: NAT_T_PORT },
};
const sa = plane.addSa({
  ...association,
  direction: "out",
  spi: 0x1001,
  encryptionKey: Buffer.from(keys.out, "hex"),
  tunnel: { source: mine.outer, target: other.outer },
});
plane.addSa({
  ...association,
  direction: "in",
  spi: 0x1001,
  encryptionKey: Buffer.from(keys.in, "hex"),
  tunnel: { source: other.outer, target: mine.outer },
  selectors: [{ source: other.inner, target: mine.inner }],
  replayWindow: 128, // As strongSwan's.
});
plane.addPolicy({ direction: "out", selector: { source: mine.inner, target: other.inner }, action: "protect", sa });

const tun = await Tun.open({ name: "tun0", onPacket: (packet) => udp.send(packet) });
const udp = await NodeUdp.open(plane, {
  address: mine.outer,
  port: NAT_T_PORT,
  onPacket: (packet) => tun.write(packet),
  onIcmp: (packet) => tun.write(packet),
});
ip("address", "add", `${mine.inner}/32`, "dev", "tun0");
ip("link", "set", "tun0", "mtu", String(TUN_MTU), "up");
ip("route", "add", `${other.inner}/32`, "dev", "tun0");
process.on("SIGTERM", () => {
  udp.close();
  tun.close();
});
console.log("ready");
