// The gateway: a data plane on a UDP socket, which knows nothing of WebSockets. It answers pings to all of 10.2.0.0/16.
import { randomBytes, randomInt } from "node:crypto";
import { DataPlane } from "wasm-ipsec";
import { NodeUdp } from "wasm-ipsec/adapters/node-udp";
import { echoReply } from "./ping.mjs";

const ADDRESS = "127.0.0.1";

/** Answers where it listens, and `associate()`: SAs for one more client, as JSON. That stands for IKE. Throws `limit`. */
export async function openGateway() {
  const plane = await DataPlane.create({ carrier: "udp" });
  const clients = new Map(); // by the inbound SA: the peer, and the SA that leads to it
  const udp = await NodeUdp.open(plane, {
    address: ADDRESS,
    onPacket(packet, sa) {
      const reply = echoReply(packet);
      if (reply !== undefined) udp.send(reply, clients.get(sa)?.outbound);
    },
  });

  function associate() {
    forgetIdle();
    const peer = plane.addPeer({ addresses: [ADDRESS] }); // Its port shows when the first datagram has verified.
    const [toGateway, toClient] = [0, 1].map(() => ({
      protocol: "esp",
      spi: randomInt(0x1000, 2 ** 32),
      mode: "tunnel",
      encryption: "chacha20-poly1305",
      encryptionKey: randomBytes(36),
      tunnel: { source: ADDRESS, target: ADDRESS },
      replayWindow: 1024,
      idleSeconds: 60,
    }));
    const sites = { source: "10.1.0.0/16", target: "10.2.0.0/16" };
    const inbound = plane.addSa({ ...toGateway, direction: "in", peer, selectors: [sites] });
    const outbound = plane.addSa({ ...toClient, direction: "out", peer, replayWindow: undefined });
    clients.set(inbound, { peer, outbound });
    const asJson = (sa) => ({ ...sa, encryptionKey: sa.encryptionKey.toString("hex") });
    return { toGateway: asJson(toGateway), toClient: asJson(toClient) };
  }

  function forgetIdle() {
    for (const [inbound, { peer }] of clients) {
      if (inbound.state === "live") continue;
      peer.delete();
      clients.delete(inbound);
    }
  }

  const { port } = udp.socket.address();
  return {
    address: ADDRESS,
    port,
    plane,
    associate,
    close() {
      udp.close();
      plane.close();
    },
  };
}
