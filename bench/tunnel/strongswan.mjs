// strongSwan's user-space ESP on both ends: charon with the plugin kernel-libipsec, which reads a TUN device and sends ESP in
// UDP as we do. Its configuration lies in a temporary folder.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { SIDES, SITES } from "./network.mjs";

export const CHARON = "/usr/lib/ipsec/charon";
export const LIBIPSEC = "/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so";
/** openssl: its AES-GCM uses the machine's AES instructions. */
const PLUGINS = "random nonce openssl hmac kdf kernel-libipsec kernel-netlink socket-default vici";
const START_MILLISECONDS = 10_000;
const SECRET = "only between two network namespaces";

/** Brings the tunnel up. Answers how to clean up; the processes are the network's. */
export async function startStrongSwan(network) {
  const root = mkdtempSync(join(tmpdir(), "wasm-ipsec-strongswan-"));
  const clean = () => rmSync(root, { recursive: true, force: true });
  try {
    for (const side of SIDES) await startCharon(network, side, join(root, side));
    for (const side of SIDES) await control(join(root, side), "--load-all", "--file", join(root, side, "swanctl.conf"));
    await control(join(root, "left"), "--initiate", "--child", "sites", "--timeout", "10");
  } catch (error) {
    clean();
    throw error;
  }
  return clean;
}

async function startCharon(network, side, folder) {
  const [mine, other] = [SITES[side], SITES[side === "left" ? "right" : "left"]];
  mkdirSync(folder);
  writeFileSync(join(folder, "strongswan.conf"), daemonConfig(folder));
  writeFileSync(join(folder, "swanctl.conf"), connectionConfig(mine, other));
  await network.run(side, "ip", "address", "add", `${mine.inner}/32`, "dev", "lo");
  // A /run of its own: charon keeps its process id there.
  const script = `mount -t tmpfs tmpfs /run && STRONGSWAN_CONF=${folder}/strongswan.conf exec ${CHARON}`;
  network.start(side, ["sh", "-c", script], { stdio: "ignore" });
  const until = performance.now() + START_MILLISECONDS;
  while (!existsSync(join(folder, "vici"))) {
    if (performance.now() > until) throw new Error("charon does not start");
    await delay(50);
  }
}

function control(folder, ...words) {
  const env = { ...process.env, STRONGSWAN_CONF: join(folder, "strongswan.conf") };
  return promisify(execFile)("swanctl", [...words, "--uri", `unix://${join(folder, "vici")}`], { env });
}

const daemonConfig = (folder) => `charon {
  load = ${PLUGINS}
  plugins {
    vici {
      socket = unix://${join(folder, "vici")}
    }
  }
}
`;

const connectionConfig = (mine, other) => `connections {
  gateway {
    version = 2
    encap = yes
    local_addrs = ${mine.outer}
    remote_addrs = ${other.outer}
    proposals = aes128-sha256-x25519
    local {
      auth = psk
      id = ${mine.outer}
    }
    remote {
      auth = psk
      id = ${other.outer}
    }
    children {
      sites {
        local_ts = ${mine.inner}/32
        remote_ts = ${other.inner}/32
        esp_proposals = aes128gcm16
      }
    }
  }
}
secrets {
  ike-gateway {
    secret = "${SECRET}"
  }
}
`;
