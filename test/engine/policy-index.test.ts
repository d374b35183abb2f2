// The index of the SPD against the search it spares: RFC 4301 section 4.4.1, the first policy in order that matches.
import { expect, it } from "vitest";
import { type Placed, PolicyIndex } from "../../src/spd/policy-index.js";
import { compileSelector, matches, type Selector } from "../../src/spd/selector.js";
import { IpFields } from "../../src/wire/fields.js";
import { readIp } from "../../src/wire/ip.js";
import { ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";

/** Few addresses, so that ranges meet, nest and touch. */
function address(random: Random, version: 4 | 6): string {
  if (version === 4) return `10.${random.below(3)}.${random.below(2)}.${random.below(5)}`;
  return `fd00:${random.below(2)}::${random.below(2)}:${random.below(5)}`;
}

function range(random: Random): string {
  const version = random.chance(0.7) ? 4 : 6;
  const one = address(random, version);
  if (random.chance(0.2)) return one;
  return `${one}/${version === 4 ? random.pick([0, 8, 15, 16, 23, 24, 30, 31, 32]) : random.pick([0, 16, 32, 64, 112, 125, 128])}`;
}

function span(random: Random): string {
  const third = random.below(3);
  const first = random.below(200);
  return `10.${random.below(2)}.${third}.${first}-10.2.${third}.${first + random.below(50)}`;
}

function selector(random: Random): Selector {
  const ends = () => {
    if (random.chance(0.2)) return undefined;
    return Array.from({ length: random.chance(0.2) ? random.between(4, 9) : random.between(1, 2) }, () =>
      random.chance(0.2) ? span(random) : range(random),
    );
  };
  const protocol = random.chance(0.5) ? random.pick([6, 17]) : undefined;
  const [source, target] = [ends(), ends()];
  return {
    ...(source === undefined ? {} : { source }),
    ...(target === undefined ? {} : { target }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(protocol !== undefined && random.chance(0.5) ? { targetPort: [1, random.between(1, 4)] as const } : {}),
  };
}

function fieldsOf(random: Random): IpFields {
  const version = random.chance(0.7) ? 4 : 6;
  const options = {
    source: address(random, version),
    target: address(random, version),
    protocol: random.pick([6, 17, 50]),
    targetPort: random.between(1, 5),
  };
  const packet = version === 4 ? ipv4(options) : ipv6(options);
  const fields = new IpFields();
  if (!readIp(packet, 0, packet.length, fields)) throw new Error("the test's packet cannot be read");
  return fields;
}

it("finds what a search through the list finds, whatever is added in between and deleted", () => {
  const random = new Random();
  const where = `seed ${random.seed}`;
  let hits = 0;
  for (let world = 0; world < 30; world++) {
    const index = new PolicyIndex<Placed & { place: number }>();
    const list: (Placed & { place: number })[] = [];
    const first = (fields: IpFields) =>
      list.find((policy) => policy.selectors.some((selector) => matches(selector, fields)));
    for (let step = 0; step < 60; step++) {
      if (random.chance(0.25) && list.length > 0) {
        const [gone] = list.splice(random.below(list.length), 1);
        if (gone !== undefined) index.delete(gone);
      } else {
        const selectors = Array.from({ length: random.between(1, 3) }, () => compileSelector(selector(random)));
        const policy = { selectors, place: 0 };
        list.splice(random.below(list.length + 1), 0, policy);
        for (const [place, each] of list.entries()) each.place = place;
        index.add(policy);
      }
      for (let packet = 0; packet < 10; packet++) {
        const fields = fieldsOf(random);
        const found = index.find(fields);
        expect(found, `${where}, world ${world}, step ${step}`).toBe(first(fields));
        if (found !== undefined) hits++;
      }
    }
    for (const policy of list.splice(0)) index.delete(policy);
    expect(index.find(fieldsOf(random)), where).toBeUndefined();
  }
  expect(hits, where).toBeGreaterThan(1000);
});
