// A browser has no UDP. The relay passes the messages of its WebSocket on to the gateway as datagrams, and back; it sees
// ESP only, and has no key. Where the gateway itself is in JavaScript, WebSocketAdapter serves there as well.
import { createSocket } from "node:dgram";

/** Bytes that may wait for a slow client; what comes beyond that is dropped, as a router does. */
const BUFFER_BYTES = 262_144;

/** `socket`: an open one of the package ws. `gateway`: address and UDP port. */
export function relay(socket, gateway) {
  const udp = createSocket("udp4").bind(0);
  socket.on("message", (message, isBinary) => {
    if (isBinary) udp.send(message, gateway.port, gateway.address);
  });
  udp.on("message", (datagram, { address, port }) => {
    const isGateway = address === gateway.address && port === gateway.port;
    if (isGateway && socket.bufferedAmount < BUFFER_BYTES) socket.send(datagram);
  });
  // A frame that is none, no socket to be had: that ends this client, not the relay. What is too long for UDP is lost.
  for (const each of [socket, udp]) each.on("error", () => socket.terminate());
  socket.on("close", () => udp.close());
}
