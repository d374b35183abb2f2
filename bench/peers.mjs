// Who takes part besides us. One that is not there says why.
import * as nodeCrypto from "./contenders/node-crypto.mjs";

const KNOWN = { node: async () => [{ ...nodeCrypto, supports: () => true }] };

/** `asked`: names of KNOWN; undefined: all. node:crypto is always there: everything is compared with it. */
export async function choosePeers(asked) {
  const peers = [];
  const absent = [];
  for (const [name, load] of Object.entries(KNOWN)) {
    if (name !== "node" && asked !== undefined && !asked.includes(name)) continue;
    const found = await load();
    if (typeof found === "string") absent.push(found);
    else peers.push(...found);
  }
  return { peers, absent };
}
