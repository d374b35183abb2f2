// wasm-ipsec decrypt: a capture in, the same capture with its ESP opened out. Files of any size, read in pieces.

import { existsSync, readFileSync, realpathSync, statSync } from "node:fs";
import { IpsecError } from "../errors.js";
import { type EspSaRow, parseEspSa } from "../pcap/index.js";
import { Decryption } from "./decryption.js";
import { KeyRing } from "./key-ring.js";
import { Progress } from "./progress.js";
import type { Streams } from "./streams.js";

export interface DecryptOptions {
  readonly capture: string;
  readonly keys: string;
  readonly out: string;
  readonly force: boolean;
  readonly quiet: boolean;
}

/** Answers whether all ESP was opened. Throws IpsecError when nothing could be done. */
export async function decrypt(options: DecryptOptions, streams: Streams): Promise<boolean> {
  const keys = new KeyRing(readKeys(options.keys));
  checkFiles(options);
  const run = new Decryption(keys, options.out);
  const damage = await run.read(options.capture, new Progress(statSync(options.capture).size, options.quiet));
  keys.close();
  if (damage !== undefined) streams.complain(`wasm-ipsec: ${options.capture}: ${damage}; what came before is written`);
  if (!options.quiet) streams.say(`${run.summary}\n\nwritten to ${options.out}`);
  return damage === undefined && run.summary.opened === run.summary.espPackets;
}

function readKeys(path: string): EspSaRow[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new IpsecError("key-file", `cannot read the keys ${path}: ${(error as NodeJS.ErrnoException).code}`);
  }
  try {
    return parseEspSa(text);
  } catch (error) {
    throw new IpsecError("key-file", `${path}, ${(error as Error).message}`);
  }
}

function checkFiles({ capture, out, force }: DecryptOptions): void {
  if (!existsSync(capture))
    throw new IpsecError("capture", `cannot read the capture ${capture}: there is no such file`);
  if (!statSync(capture).isFile()) throw new IpsecError("capture", `cannot read the capture ${capture}: it is no file`);
  if (!existsSync(out)) return;
  if (realpathSync(out) === realpathSync(capture)) throw new IpsecError("capture", `${out} is the capture itself`);
  if (!force) throw new IpsecError("capture", `${out} exists; --force writes over it`);
}
