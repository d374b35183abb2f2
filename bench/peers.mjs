// Who takes part besides us. One that is not there says why.
import { findIpsecMb } from "./contenders/ipsec-mb.mjs";
import * as libsodium from "./contenders/libsodium.mjs";
import * as noble from "./contenders/noble.mjs";
import * as nodeCrypto from "./contenders/node-crypto.mjs";
import * as webCrypto from "./contenders/web-crypto.mjs";

const KNOWN = {
  node: () => [nodeCrypto],
  web: () => [webCrypto.sequential, webCrypto.concurrent],
  noble: () => [noble],
  sodium: () => [libsodium],
  mb: () => [findIpsecMb()],
};

/** `asked`: names of KNOWN; undefined: all. node:crypto is always there: everything is compared with it. */
export function choosePeers(asked) {
  const found = Object.entries(KNOWN)
    .filter(([name]) => name === "node" || asked === undefined || asked.includes(name))
    .flatMap(([, load]) => load());
  return {
    peers: found.filter((peer) => typeof peer !== "string"),
    absent: found.filter((peer) => typeof peer === "string"),
  };
}
