// Which entry of a crypto map a packet is for, against the rule as IOS's manual states it: the entries in order; in each
// the first line that matches; `deny` leaves the packet to the next entry. With a dynamic map among them, its peer there.
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DataPlane } from "../../src/index.js";
import { applyConfig, parseConfig } from "../../src/ios/index.js";
import { ipv4 } from "../packets.js";

const NETWORKS = {
  any: [0, 0],
  "10.1.0.0 0.0.255.255": [0x0a010000, 0xffff0000],
  "host 10.1.1.1": [0x0a010101, -1],
} as const;
type Network = keyof typeof NETWORKS;
const ADDRESSES = { "10.1.1.1": 0x0a010101, "10.1.2.2": 0x0a010202, "10.7.7.7": 0x0a070707 } as const;
type Address = keyof typeof ADDRESSES;

interface Rule {
  readonly action: "permit" | "deny";
  readonly source: Network;
  readonly target: Network;
}

const network = fc.constantFrom(...(Object.keys(NETWORKS) as Network[]));
const rule = fc.record({
  action: fc.constantFrom("permit" as const, "deny" as const),
  source: network,
  target: network,
});
const list = fc.array(rule, { minLength: 1, maxLength: 3 });

function has(name: Network, address: Address): boolean {
  const [first, mask] = NETWORKS[name];
  return (ADDRESSES[address] & mask) === (first & mask);
}

function firstMatch(rules: readonly Rule[], source: Address, target: Address): Rule["action"] | undefined {
  return rules.find((one) => has(one.source, source) && has(one.target, target))?.action;
}

const text = (number: number, rules: readonly Rule[]) =>
  rules.map(({ action, source, target }) => `access-list ${number} ${action} ip ${source} ${target}`).join("\n");

const config = (before: readonly Rule[], allowed: readonly Rule[] | undefined, behind: readonly Rule[]) => `
crypto ipsec transform-set t esp-gcm
crypto dynamic-map d 10
 set transform-set t
${allowed === undefined ? "" : " match address 102"}
crypto map m 10
 set peer 192.0.2.10
 set transform-set t
 match address 101
crypto map m 20 ipsec-isakmp dynamic d
crypto map m 30
 set peer 192.0.2.30
 set transform-set t
 match address 103
interface FastEthernet0
 ip address 192.0.2.1 255.255.255.0
 crypto map m
${text(101, before)}
${text(102, allowed ?? [])}
${text(103, behind)}
`;

let plane: DataPlane;
beforeAll(async () => {
  plane = await DataPlane.create({ carrier: "ip" });
});
afterAll(() => plane.close());

const keys = (spi: number) => [{ spi, encryptionKey: new Uint8Array(20), integrityKey: new Uint8Array(0) }];
const bare = (one: Rule) => parseConfig(text(101, [one])).config.accessLists[0]?.lines[0] as never;

it("is the one that the rule names, before a dynamic map's peer has come and after", () => {
  fc.assert(
    fc.property(list, fc.option(list, { nil: undefined }), list, rule, (before, allowed, behind, wanted) => {
      const parsed = parseConfig(config(before, allowed, behind)).config;
      const session = applyConfig(plane, parsed, { chance: () => 0 });
      const expected = (source: Address, target: Address, came: boolean): string => {
        if (firstMatch(before, source, target) === "permit") return "no-sa 192.0.2.10";
        if (came && has(wanted.source, source) && has(wanted.target, target)) return "sealed";
        if (allowed !== undefined && firstMatch(allowed, source, target) === "permit") return "discarded";
        return firstMatch(behind, source, target) === "permit" ? "no-sa 192.0.2.30" : "bypassed";
      };
      const found = (source: Address, target: Address): string => {
        const { verdict } = plane.protect(0, ipv4({ source, target }));
        if (verdict !== "no-sa") return verdict;
        const event = plane.nextEvent();
        const asked = event?.kind === "acquire" ? session.identOf(event.policy) : undefined;
        for (const policy of asked?.policies ?? []) policy.askAgain();
        return `no-sa ${asked?.peer.address}`;
      };
      const check = (came: boolean) => {
        for (const source of Object.keys(ADDRESSES) as Address[])
          for (const target of Object.keys(ADDRESSES) as Address[])
            expect(found(source, target), `${source} to ${target}`).toBe(expected(source, target, came));
      };
      try {
        check(false);
        const peer = session.peerAt("192.0.2.1", "192.0.2.77");
        // The peer asks for the mirror of what is wanted here.
        const { source, target } = wanted;
        const asked = bare({ action: "permit", source: target, target: source });
        const answer = session.answer(0, "192.0.2.1", peer as never, {
          rule: asked,
          transformSets: parsed.transformSets,
        });
        if ("refusal" in answer) return;
        session.install(0, answer.ident, { inbound: keys(0x1001), outbound: keys(0x2002) });
        check(true);
        session.clear(0, ({ planned }) => planned.origin === "dynamic map", false);
        check(false);
      } finally {
        session.close();
      }
    }),
    { numRuns: 300 },
  );
});
