// The package as a user gets it: packed, and unpacked into a project of its own beside its two dependencies. Nothing is
// fetched.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../", import.meta.url).pathname;

export interface Installed {
  /** The project. */
  readonly folder: string;
  /** The unpacked package in it. */
  readonly package: string;
  readonly tarball: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  remove(): void;
}

export function installPackage(): Installed {
  if (!existsSync(`${ROOT}dist/src/index.js`)) throw new Error("dist is missing: run `npm run build` first");
  const folder = mkdtempSync(join(tmpdir(), "wasm-ipsec-"));
  const modules = join(folder, "node_modules");
  mkdirSync(join(modules, "@assemblyscript"), { recursive: true });
  const options = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
  const report = execFileSync("npm", options, { cwd: ROOT, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const [{ filename, files }] = JSON.parse(report);
  const tarball = join(folder, filename);
  execFileSync("tar", ["-xzf", tarball, "-C", folder]);
  execFileSync("mv", [join(folder, "package"), join(modules, "wasm-ipsec")]);
  for (const dependency of ["@assemblyscript/loader", "ipaddr.js"]) {
    symlinkSync(`${ROOT}node_modules/${dependency}`, join(modules, dependency));
  }
  return {
    folder,
    package: join(modules, "wasm-ipsec"),
    tarball,
    files,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * The smoke test: an SA each way, a packet sealed and opened. An ES module whose `run` answers what happened.
 */
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
  const sealed = plane.protect(0, packet, out);
  const milliseconds = performance.now() - started;
  const opened = plane.unprotect(0, sealed.datagrams[0]);
  const same = opened.packet.length === packet.length && opened.packet.every((byte, i) => byte === packet[i]);
  return { sealed: sealed.verdict, opened: opened.verdict, same, variant: plane.variant, milliseconds };
}
`;

/** What `run` answers. */
export interface SmokeResult {
  readonly sealed: string;
  readonly opened: string;
  readonly same: boolean;
  readonly variant: string;
  readonly milliseconds: number;
}

export const SMOKE_PASSED = { sealed: "sealed", opened: "delivered", same: true };
