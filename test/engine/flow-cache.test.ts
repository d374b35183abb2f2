// The SPD cache: what it reads from a packet's bytes is the flow that the header's fields name.
import { expect, it } from "vitest";
import { FlowCache } from "../../src/spd/flow-cache.js";
import { IpFields } from "../../src/wire/fields.js";
import { readIp } from "../../src/wire/ip.js";
import { hasPorts } from "../../src/wire/protocol.js";
import { ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";

function packetOf(random: Random): Uint8Array {
  const six = random.chance(0.5);
  const protocol = random.pick([6, 17, 33, 132, 136, 1, 50]);
  const ports = { sourcePort: random.between(0, 2) << 14, targetPort: random.between(0, 2) << 15 };
  const length = random.pick([40, 44, 60]) + (six ? 20 : 0);
  if (six) return ipv6({ ...ports, protocol, length, source: `fd00::${random.below(2)}` });
  const cut = random.chance(0.2) ? { moreFragments: random.chance(0.5), fragmentOffset: 8 * random.below(12) } : {};
  return ipv4({ ...ports, ...cut, protocol, length, source: `200.1.0.${random.below(2)}`, df: random.chance(0.5) });
}

it("finds by the bytes what it finds by the fields, or leaves the packet to those", () => {
  const random = new Random();
  const where = `seed ${random.seed}`;
  let found = 0;
  for (let world = 0; world < 50; world++) {
    const flows = new FlowCache(16, random.u32());
    const fields = new IpFields();
    for (let step = 0; step < 100; step++) {
      const packet = packetOf(random);
      if (random.chance(0.1)) packet[random.below(packet.length)] = random.below(256);
      if (!readIp(packet, 0, packet.length, fields)) continue;
      if (random.chance(0.05)) flows.forget();
      if (random.chance(0.4)) flows.remember(fields, undefined);
      const slot = flows.find(fields);
      const plain = flows.findPlain(packet);
      const isPlain =
        fields.totalLength === packet.length &&
        !fields.fragment &&
        hasPorts(fields.protocol) &&
        fields.headerLength === (fields.version === 4 ? 20 : 40);
      if (plain >= 0 || isPlain) expect(plain, `${where}, world ${world}, step ${step}`).toBe(slot);
      if (plain >= 0) found++;
    }
  }
  expect(found, where).toBeGreaterThan(100);
});
