// Batch equals sequence: datagrams opened in one kernel call end as they do one by one, whatever the window does
// meanwhile. Sequence numbers jump, come twice, come late and cross 2^32.
import { describe, expect, it } from "vitest";
import { DataPlane, type EspConfig, type Verdict } from "../../src/index.js";
import { hex, ipv4 } from "../packets.js";
import { Random } from "../random.js";
import { sealEsp } from "../reference/esp.js";
import type { Suite } from "../reference/suites.js";
import { inbound, saConfig } from "./arbitrary.js";
import { BUILDS } from "./builds.js";

const SHAPE = { carrier: "udp", mode: "tunnel", outer: 4, natt: false } as const;
const EPOCH = 2n ** 32n;
const isTold = ({ name }: Suite) =>
  /gcm-16 128|chacha|cbc 128 hmac-sha2-256-128|null aes-cmac|null hmac-md5|des-cbc.*(sha1|md5)/.test(name);

function ivFor(config: EspConfig, sequence: bigint, random: Random): Uint8Array {
  if (config.encryption === "null") return new Uint8Array(0);
  if (config.encryption === "aes-cbc") return random.bytes(16);
  const iv = Buffer.alloc(8);
  iv.writeBigUInt64BE(sequence);
  return iv;
}

/** Numbers around `start`: steps, jumps over the window and the epoch, repetitions, late ones. */
function numbers(start: bigint, esn: boolean, random: Random): bigint[] {
  const largest = esn ? 2n ** 64n - 1n : EPOCH - 1n;
  const all: bigint[] = [];
  let next = start + 1n;
  for (let i = 0; i < 64; i++) {
    const roll = random.below(10);
    if (roll === 0) next += random.pick([63n, 64n, 65n, 127n, 128n, 1000n]);
    if (roll === 1 && esn) next += random.pick([EPOCH / 2n, EPOCH - 65n, EPOCH - 1n, EPOCH, EPOCH + 7n]);
    const late = roll === 2 ? BigInt(random.below(140)) : 0n;
    const again = roll === 3 && all.length > 0 ? random.pick(all) : undefined;
    const number = again ?? (next > late ? next - late : 1n);
    all.push(number > largest ? largest : number);
    if (roll > 3) next += 1n;
  }
  return all;
}

interface Told {
  readonly verdict: Verdict;
  readonly packet: string;
}

describe.each(BUILDS)("$name", ({ options: build, suites }) => {
  describe.each(suites.filter(isTold).map((suite) => [suite.name, suite] as const))("%s", (_, suite) => {
    it.each([
      [0n, false, 64],
      [0n, false, 0],
      [EPOCH - 40n, false, 128],
      [0n, true, 64],
      [EPOCH - 40n, true, 64],
      [EPOCH - 40n, true, 4096],
      [EPOCH + 20n, true, 128],
      [EPOCH - 40n, true, 0],
      [2n ** 64n - 50n, true, 64],
    ])("from %s, esn %s, window %s", async (start, esn, replayWindow) => {
      const random = new Random();
      const options = { carrier: "udp", ...build, limits: { sas: 8, packets: 64 } } as const;
      const [whole, single] = await Promise.all([DataPlane.create(options), DataPlane.create(options)]);
      const item = whole.createItem();
      let delivered = 0;
      for (let round = 0; round < 12; round++) {
        const given = { esn, replayWindow, initialSequence: start };
        const config = { ...saConfig(suite, SHAPE, 0x7001, random), ...given } as EspConfig;
        const sas = [whole.addSa(inbound(config)), single.addSa(inbound(config))] as const;
        const datagrams = numbers(start, esn, random).map((sequence) => {
          const iv = ivFor(config, sequence, random);
          return Uint8Array.from(sealEsp(config, sequence, iv, ipv4({ length: random.between(20, 200) }), 4));
        });
        for (const datagram of datagrams) expect(whole.inbound(0, datagram)).toBe(true);
        whole.flush(0);
        const together: Told[] = [];
        while (whole.poll(item)) together.push({ verdict: item.verdict, packet: hex(item.copy()) });
        const oneByOne = datagrams.map((datagram): Told => {
          const { verdict, packet } = single.unprotect(0, datagram);
          return { verdict, packet: packet === undefined ? "" : hex(packet) };
        });
        expect(together, `SEED=${random.seed} round ${round}`).toEqual(oneByOne);
        for (const { verdict } of together) if (verdict === "delivered") delivered++;
        expect(sas[0].sequence).toBe(sas[1].sequence);
        for (const sa of sas) sa.delete();
      }
      expect(delivered).toBeGreaterThan(12);
    });
  });
});
