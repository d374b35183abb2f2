// `npm start -- --browser`: a browser as a VPN client.
//
//   page: DataPlane, WebSocketAdapter ==== WebSocket ==== relay ---- UDP ---- gateway: DataPlane, NodeUdp
//         |<------------------------------- ESP ------------------------------------->|
//
// PORT=8080 in the environment chooses where the page is served; 0 takes any free port.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";
import { WebSocketServer } from "ws";
import { openGateway } from "./gateway.mjs";
import { relay } from "./relay.mjs";

const here = (file) => fileURLToPath(new URL(file, import.meta.url));

const gateway = await openGateway();
const page = readFileSync(here("page.html"));
const script = await bundle();
const server = createServer(({ url }, response) => {
  const answer = (type, body) => response.setHeader("content-type", type).end(body);
  // WebAssembly asks for 'wasm-unsafe-eval' and for nothing else.
  response.setHeader(
    "content-security-policy",
    "default-src 'self' 'wasm-unsafe-eval'; style-src 'unsafe-inline'; img-src data:",
  );
  if (url === "/") answer("text/html", page);
  else if (url === "/page.js") answer("text/javascript", script);
  else if (url === "/association") answer("application/json", JSON.stringify(gateway.associate()));
  else response.writeHead(404).end();
});
new WebSocketServer({ server, path: "/esp" }).on("connection", (socket) => relay(socket, gateway));
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () => {
  console.log(`gateway on UDP ${gateway.address}:${gateway.port}, kernel ${gateway.plane.variant}`);
  console.log(`open http://127.0.0.1:${server.address().port}/     (Ctrl-C ends it)`);
});

async function bundle() {
  const build = await rolldown({ input: here("page.mjs"), platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  return output[0].code;
}
