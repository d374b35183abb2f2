// Wireshark as the judge of what `npm start` leaves: it decrypts our ESP with our key file and verifies the ICVs.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ipPacketOf, readCapture } from "../../src/pcap/index.js";

const root = new URL("../../", import.meta.url).pathname;
const isBuilt = existsSync(`${root}dist/src/index.js`);
const hasTshark = spawnSync("tshark", ["--version"]).status === 0;
const out = mkdtempSync(join(tmpdir(), "wasm-ipsec-"));
const traffic = [...readCapture(readFileSync(`${root}examples/traffic.pcap`))].map(({ data }) => data);
let table = "";

/** Suites of which Wireshark 4.0 verifies the ICV. */
const VERIFIED = [
  "aes-gcm-16-128",
  "aes-gcm-16-256",
  "aes-cbc-128-sha2-256",
  "aes-cbc-128-sha1",
  "aes-ctr-128-sha2-512",
];

/** Values of fields, one row a frame. */
function tshark(capture: string, ...fields: string[]): string[][] {
  const preferences = ["esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE"];
  const words = ["-r", capture, "-T", "fields", "-E", "occurrence=a", ...preferences.flatMap((each) => ["-o", each])];
  const environment = { ...process.env, WIRESHARK_CONFIG_DIR: out };
  const options = {
    encoding: "utf8",
    env: environment,
    maxBuffer: 1 << 26,
  } as const;
  const result = spawnSync("tshark", [...words, ...fields.flatMap((field) => ["-e", field])], options);
  expect(result.stderr).not.toContain("Error loading table");
  return result.stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => line.split("\t"));
}

/** Packets with the order between the two directions left open, as a capture of two sockets has it. */
function sorted(packets: Uint8Array[]): string[] {
  return packets.map((packet) => Buffer.from(packet).toString("hex")).sort();
}

describe.skipIf(!isBuilt)("what npm start leaves", () => {
  beforeAll(() => {
    table = execFileSync(process.execPath, ["examples/main-job.mjs", "--out", out], { cwd: root, encoding: "utf8" });
  });
  afterAll(() => rmSync(out, { recursive: true }));

  test("nine suites, every packet identical", () => {
    expect(table).toMatch(new RegExp(`total +${9 * 4 * traffic.length} +${9 * 4 * traffic.length} `));
    expect(readdirSync(out).filter((name) => name.endsWith(".pcapng"))).toHaveLength(9);
  });

  test.skipIf(!hasTshark).each(VERIFIED)("%s: Wireshark finds every ICV good and the packets inside", (suite) => {
    const rows = tshark(`${out}/${suite}.pcapng`, "esp.icv_good", "esp.icv_bad", "esp.spi", "ip.len", "ipv6.plen");
    expect(rows).toHaveLength(traffic.length);
    expect(rows.filter(([good, bad]) => good !== "1" || bad !== "0")).toEqual([]);
    // Behind the outer header's length the inner one's; an ICMP error quotes one more.
    const lengths = rows.map(([, , , four = "", six = ""]) =>
      six === "" ? Number(four.split(",")[1]) : 40 + Number(six.split(",")[0]),
    );
    const expected = traffic.map((packet) => packet.length);
    expect(lengths.sort((a, b) => a - b)).toEqual(expected.sort((a, b) => a - b));
  });

  test.skipIf(!hasTshark)("null-aes-cmac: Wireshark finds the packets, though it cannot verify them", () => {
    const rows = tshark(`${out}/null-aes-cmac.pcapng`, "esp.protocol");
    expect(rows.filter(([protocol]) => protocol !== "0x04" && protocol !== "0x29")).toEqual([]);
  });

  test.skipIf(!hasTshark)("Wireshark would have seen a bad ICV", () => {
    const capture = readFileSync(`${out}/aes-gcm-16-128.pcapng`);
    const packet = [...readCapture(capture)][0]?.data;
    if (packet === undefined) throw new Error("no packet");
    const end = capture.indexOf(packet) + packet.length;
    capture.writeUInt8(capture.readUInt8(end - 1) ^ 1, end - 1);
    const damaged = `${out}/damaged.pcap`;
    writeFileSync(damaged, capture);
    expect(tshark(damaged, "esp.icv_bad").filter(([bad]) => bad === "1")).toHaveLength(1);
  });

  test("wasm-ipsec decrypt gives back the committed packets from every file", () => {
    for (const name of readdirSync(out).filter((each) => each.endsWith(".pcapng"))) {
      const clear = `${out}/${name}.clear`;
      const words = ["dist/src/cli.js", "decrypt", `${out}/${name}`, "--keys", `${out}/esp_sa`, "--out", clear];
      const result = spawnSync(process.execPath, words, { cwd: root, encoding: "utf8" });
      expect([name, result.status, result.stderr]).toEqual([name, 0, ""]);
      expect(result.stdout).not.toContain("not verified");
      const packets = [...readCapture(readFileSync(clear))].map(
        ({ linkType, data }) => ipPacketOf(linkType, data) ?? data,
      );
      expect(sorted(packets)).toEqual(sorted(traffic));
    }
  });
});
