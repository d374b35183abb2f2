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

const port = Number(process.env.PORT ?? 8080);
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
  else if (url === "/association") associate(response, answer);
  else response.writeHead(404).end();
});
new WebSocketServer({ server, path: "/esp" })
  .on("connection", (socket) => relay(socket, gateway))
  .on("error", ({ code, message }) => {
    console.error(
      code === "EADDRINUSE" ? `port ${port} is taken: PORT=0 in the environment takes a free one` : message,
    );
    process.exitCode = 1;
    gateway.close();
  });
server.listen(port, "127.0.0.1", () => {
  console.log(`gateway on UDP ${gateway.address}:${gateway.port}, kernel ${gateway.plane.variant}`);
  console.log(`open http://127.0.0.1:${server.address().port}/     (Ctrl-C ends it)`);
});

function associate(response, answer) {
  try {
    answer("application/json", JSON.stringify(gateway.associate()));
  } catch ({ message }) {
    response.writeHead(503).end(message); // More clients at once than the gateway's plane is made for.
  }
}

async function bundle() {
  const build = await rolldown({ input: here("page.mjs"), platform: "browser", logLevel: "silent" });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  return output[0].code;
}
