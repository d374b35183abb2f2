// The two ends of traffic.sh: "serve" answers HTTP, DNS and UDP echo; "ask" makes the UDP traffic.

import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { createServer } from "node:http";

const ECHO_PORT = 7007;
const DNS_PORT = 53;
const text = "The quick brown fox jumps over the lazy dog. ".repeat(4000);

/** A DNS answer to `query`: the question again, and one A or AAAA record of documentation addresses. */
function dnsAnswer(query) {
  const type = query.readUInt16BE(query.length - 4);
  const address = type === 28 ? "20010db8000000000000000000000035" : "c0000235";
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 6);
  const record = Buffer.from(
    `c00c${type === 28 ? "001c" : "0001"}00010000003c00${address.length === 8 ? "04" : "10"}`,
    "hex",
  );
  return Buffer.concat([header, query.subarray(12), record, Buffer.from(address, "hex")]);
}

function bound(type, port, answer) {
  const socket = createSocket({ type, ipv6Only: type === "udp6" });
  socket.on("message", (message, remote) => socket.send(answer(message), remote.port, remote.address));
  return new Promise((resolve) => socket.bind(port, () => resolve(socket)));
}

async function serve() {
  const http = createServer((request, response) => {
    request.resume().on("end", () => response.end(text.slice(0, Number(request.url.slice(1)))));
  });
  await new Promise((resolve) => http.listen(8080, "::", resolve));
  for (const type of ["udp4", "udp6"]) {
    await bound(type, ECHO_PORT, (message) => message);
    await bound(type, DNS_PORT, dnsAnswer);
  }
  console.log("ready");
}

/** Sends one datagram of each length to the echo port and waits until all have come back. */
async function echo(type, target) {
  const lengths = [...Array(40).keys(), 100, 256, 512, 513, 800, 1024, 1199, 1200, 1201, 1280, 1300, 1351, 1352];
  const socket = createSocket(type);
  let missing = lengths.length;
  const finished = new Promise((resolve) => socket.on("message", () => --missing === 0 && resolve()));
  for (const length of lengths) {
    socket.send(text.slice(0, length), ECHO_PORT, target);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await finished;
  socket.send("nobody listens here", 9, target); // The answer is an ICMP error.
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.close();
}

async function ask() {
  for (const target of ["10.2.0.2", "fd00:2::2"]) {
    const resolver = new Resolver();
    resolver.setServers([target.includes(":") ? `[${target}]:${DNS_PORT}` : `${target}:${DNS_PORT}`]);
    for (const name of ["example.com", "www.example.org", "a.rather.long.name.in.the.example.net"]) {
      await resolver.resolve4(name);
      await resolver.resolve6(name);
    }
    await echo(target.includes(":") ? "udp6" : "udp4", target);
  }
}

await (process.argv[2] === "serve" ? serve() : ask());
