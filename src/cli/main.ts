// What the command line says and answers.

import { parseArgs } from "node:util";
import { IpsecError } from "../errors.js";
import { decrypt } from "./decrypt.js";
import { explainVerdict } from "./explain.js";
import { runIos } from "./ios/main.js";
import type { Streams } from "./streams.js";
import { UsageError } from "./usage.js";
import { version } from "./version.js";

const HELP = `wasm-ipsec ${version()}: opens the ESP in a capture; reads routers' configurations

  wasm-ipsec decrypt CAPTURE --keys ESP_SA --out OUT.pcapng
  wasm-ipsec explain VERDICT             why packets end so, and where that is written
  wasm-ipsec ios check | format | lab ...          (wasm-ipsec ios --help)

CAPTURE  a pcap or pcapng file: Ethernet (with VLANs), Linux cooked, loopback or bare IP
         ESP is found as IP protocol 50, behind IPv6 extension headers and AH, in UDP on port 4500 (or 500,
         behind eight zero bytes), and on any port where the SPI is one that a row names

  --keys FILE   the table of keys Wireshark keeps as esp_sa ("ESP SAs" in its ESP preferences)
  --out FILE    pcapng: opened packets as bare IP in the place of their ESP, everything else as it was
  --force       write over an existing FILE
  --quiet       no table, no progress
  --help        this page
  --version     the version

Every ICV is verified. Rows whose ICV cannot be ("NULL", "ANY ... [no checking]") are opened all the same; the table
and a comment on each packet say so. A row for AES-GCM verifies, whatever its authentication column says.

Exit status: 0 all ESP was opened; 1 some was not, or the capture is damaged at its end; 2 nothing could be done.`;

/** Carries out a command line. Answers the exit status. */
export async function main(words: readonly string[], streams: Streams): Promise<number> {
  try {
    return await run(words, streams);
  } catch (error) {
    if (error instanceof UsageError) streams.complain(`wasm-ipsec: ${error.message}\nTry: ${error.help}`);
    else if (error instanceof IpsecError) streams.complain(`wasm-ipsec: ${error.message}`);
    else throw error;
    return 2;
  }
}

async function run(words: readonly string[], streams: Streams): Promise<number> {
  if (words[0] === "explain") return explainVerdict(words.slice(1), streams);
  if (words[0] === "ios") return runIos(words.slice(1), streams);
  const { values, positionals } = read(words);
  if (values.help || values.version) {
    streams.say(values.help ? HELP : version());
    return 0;
  }
  const [command, capture, ...rest] = positionals;
  if (command === undefined) throw new UsageError("no command; there are decrypt, explain and ios");
  if (command !== "decrypt") throw new UsageError(`unknown command "${command}"; there are decrypt, explain and ios`);
  if (capture === undefined) throw new UsageError("decrypt needs a capture");
  if (rest.length > 0) throw new UsageError(`decrypt takes one capture; "${rest[0]}" is one too many`);
  if (values.keys === undefined) throw new UsageError("decrypt needs --keys FILE");
  if (values.out === undefined) throw new UsageError("decrypt needs --out FILE");
  const { keys, out, force = false, quiet = false } = values;
  return (await decrypt({ capture, keys, out, force, quiet }, streams)) ? 0 : 1;
}

function read(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        keys: { type: "string" },
        out: { type: "string" },
        force: { type: "boolean" },
        quiet: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
