// The command line, run in this process in a directory of its own.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { main } from "../../src/cli/main.js";
import { type CapturedPacket, readCapture } from "../../src/pcap/index.js";

export interface Ran {
  status: number;
  said: string;
  complained: string;
}

export async function run(...words: string[]): Promise<Ran> {
  const ran: Ran = { status: 0, said: "", complained: "" };
  ran.status = await main(words, {
    say(text) {
      ran.said += `${text}\n`;
    },
    complain(text) {
      ran.complained += `${text}\n`;
    },
  });
  return ran;
}

/** A directory for one test. */
export function directory(): string {
  const made = mkdtempSync(join(tmpdir(), "wasm-ipsec-"));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

export interface Decrypted extends Ran {
  packets: CapturedPacket[];
}

/** `decrypt` on a capture in memory, with these rows of keys. */
export async function decryptBytes(capture: Uint8Array, rows: string): Promise<Decrypted> {
  const folder = directory();
  writeFileSync(join(folder, "capture.pcap"), capture);
  writeFileSync(join(folder, "esp_sa"), rows);
  const out = join(folder, "clear.pcapng");
  const ran = await run("decrypt", join(folder, "capture.pcap"), "--keys", join(folder, "esp_sa"), "--out", out);
  return { ...ran, packets: ran.status === 2 ? [] : [...readCapture(readFileSync(out))] };
}
