// Random configurations.
import fc from "fast-check";
import { ICMP_NAMES } from "../../src/ios/access-names.js";
import { type AccessList, type AccessRule, ANY } from "../../src/ios/access-rule.js";
import type { IosConfig, MapEntry, OtherLine, Place, SaSettings } from "../../src/ios/index.js";
import { newConfig, newInterface, newMapEntry } from "../../src/ios/model.js";

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const name = fc.stringMatching(/^[a-z][a-z0-9_]{2,8}$/).map((text) => `x${text}`);
const address = fc.tuple(...[0, 1, 2, 3].map(() => fc.integer({ min: 0, max: 255 }))).map((parts) => parts.join("."));
const mask = fc.constantFrom("255.255.255.0", "255.0.0.0", "255.255.255.255");

const host = fc.oneof(
  address,
  name.map((text) => `${text}.example`),
);

const settings: fc.Arbitrary<SaSettings> = fc.record({
  replayWindow: maybe(fc.constantFrom(0, 64, 128, 256, 512, 1024, 2048, 4096)),
  idleSeconds: maybe(fc.integer({ min: 60, max: 86400 })),
  lifetimeSeconds: maybe(fc.integer({ min: 120, max: 2_592_000 })),
  lifetimeKilobytes: maybe(fc.integer({ min: 2560, max: 4_294_967_295 })),
});

const transforms = fc
  .constantFrom(
    ["esp-gcm"],
    ["esp-gcm 256"],
    ["esp-aes 192", "esp-sha256-hmac"],
    ["ah-sha-hmac", "esp-des", "esp-sha-hmac"],
    ["ah-md5-hmac", "esp-des"],
    ["esp-3des", "esp-md5-hmac"],
    ["esp-null", "esp-sha512-hmac"],
  )
  .map((list) => [...list]);

const addressMatch = fc.oneof(
  fc.constant(ANY),
  address.map((host) => ({ address: host, wildcard: "0.0.0.0" })),
  fc.record({ address, wildcard: fc.constantFrom("0.0.0.255", "0.0.255.255", "0.0.255.0") }),
);
const port = fc.integer({ min: 0, max: 65535 });
const ports = fc.oneof(
  fc.record({
    operator: fc.constantFrom("eq" as const, "neq" as const),
    ports: fc.array(port, { minLength: 1, maxLength: 10 }),
  }),
  fc.record({ operator: fc.constantFrom("lt" as const, "gt" as const), ports: fc.tuple(port) }),
  fc.record({ operator: fc.constant("range" as const), ports: fc.tuple(port, port) }),
);
const icmp = fc.oneof(
  fc.constantFrom(...Object.values(ICMP_NAMES)),
  fc.tuple(fc.integer({ min: 40, max: 255 }), fc.integer({ min: 0, max: 255 })),
  fc.constant([] as readonly number[]),
);
const rule: fc.Arbitrary<AccessRule> = fc
  .record({
    action: fc.constantFrom("permit" as const, "deny" as const),
    protocol: maybe(fc.constantFrom(1, 6, 17, 47, 50, 132)),
    source: addressMatch,
    target: addressMatch,
    sourcePort: maybe(ports),
    targetPort: maybe(ports),
    icmp,
    options: fc.constantFrom("", "log", "dscp ef,log-input").map((text) => (text === "" ? [] : text.split(","))),
  })
  .map(({ icmp: [icmpType, icmpCode], ...rest }) => {
    const hasPorts = rest.protocol === 6 || rest.protocol === 17;
    return {
      ...rest,
      sourcePort: hasPorts ? rest.sourcePort : undefined,
      targetPort: hasPorts ? rest.targetPort : undefined,
      icmpType: rest.protocol === 1 ? icmpType : undefined,
      icmpCode: rest.protocol === 1 ? icmpCode : undefined,
    };
  });

const accessList: fc.Arbitrary<AccessList> = fc
  .record({
    named: fc.boolean(),
    number: fc.integer({ min: 100, max: 199 }),
    word: name,
    lines: fc.array(rule, { minLength: 1, maxLength: 4 }),
  })
  .map(({ named, number, word, lines }) => ({ name: named ? word : `${number}`, named, lines }));

const entry = fc
  .record({
    sequence: fc.integer({ min: 1, max: 65535 }),
    settings,
    description: maybe(name),
    peers: fc.uniqueArray(fc.record({ host, dynamic: fc.boolean(), default: fc.boolean() }), {
      selector: (peer) => peer.host,
      maxLength: 3,
    }),
    transformSets: fc.uniqueArray(name, { maxLength: 3 }),
    pfs: maybe(fc.constantFrom("group2", "group14")),
    accessList: maybe(name),
  })
  .map(({ sequence, settings: said, ...rest }) => ({ ...newMapEntry(sequence), ...said, ...rest }));

/** What stands for the entries of a dynamic map. */
const dynamicEntry = fc
  .record({ sequence: fc.integer({ min: 1, max: 65535 }), dynamic: name })
  .map(({ sequence, dynamic }) => ({ ...newMapEntry(sequence), dynamic }));

const mapsOf = (element: fc.Arbitrary<MapEntry>, localAddress: fc.Arbitrary<string | undefined>) => {
  const entries = fc
    .uniqueArray(element, { selector: ({ sequence }) => sequence, minLength: 1, maxLength: 3 })
    .map((list) => list.sort((a, b) => a.sequence - b.sequence));
  return fc.uniqueArray(fc.record({ name, localAddress, entries }), { selector: (map) => map.name, maxLength: 2 });
};

const dfBit = maybe(fc.constantFrom("clear" as const, "set" as const, "copy" as const));
const fragmentation = maybe(fc.constantFrom("before-encryption" as const, "after-encryption" as const));

const PLACES: readonly Place[] = ["version", "system", "controller", "routing", "services"];

const otherLine: fc.Arbitrary<OtherLine> = fc.constantFrom(
  { place: "version", line: "service timestamps log datetime msec", block: [] },
  { place: "system", line: "no aaa new-model", block: [] },
  { place: "system", line: "enable secret 5 $1$abcd", block: [] },
  { place: "controller", line: "controller ISA 5/1", block: [] },
  { place: "routing", line: "ip route 10.2.0.0 255.255.0.0 Tunnel0", block: [] },
  { place: "routing", line: "ip route 0.0.0.0 0.0.0.0 FastEthernet0/0 192.0.2.9 250", block: [] },
  { place: "services", line: "line vty 0 4", block: ["password lab", "login"] },
);

const router = fc.record({
  number: fc.integer({ min: 0, max: 99 }),
  said: fc.record({
    address: maybe(fc.record({ address, mask })),
    ipMtu: maybe(fc.integer({ min: 68, max: 65535 })),
    shutdown: fc.boolean(),
    cryptoMap: maybe(name),
    description: maybe(fc.array(name, { minLength: 1, maxLength: 3 }).map((words) => words.join(" "))),
    other: fc.subarray(["ip broadcast-address 0.0.0.0", "no ip route-cache cef", "duplex full", "clock rate 128000"]),
    dfBit,
    fragmentation,
    ezvpn: fc.array(fc.record({ name, side: fc.constantFrom("inside" as const, "outside" as const) }), {
      maxLength: 1,
    }),
    tunnel: fc.record({
      source: maybe(fc.oneof(address, fc.constantFrom("FastEthernet0/0", "Loopback0"))),
      destination: maybe(address),
      mode: maybe(fc.constantFrom("ipsec ipv4", "gre ip")),
      profile: maybe(name),
    }),
  }),
});

export const config: fc.Arbitrary<IosConfig> = fc
  .record({
    hostname: maybe(name),
    isakmp: fc.record({
      policies: fc
        .uniqueArray(
          fc.record({
            priority: fc.integer({ min: 1, max: 10000 }),
            encryption: maybe(fc.constantFrom("des", "3des", "aes", "aes 256")),
            hash: maybe(fc.constantFrom("md5", "sha256")),
            authentication: maybe(fc.constantFrom("pre-share", "rsa-sig")),
            group: maybe(fc.constantFrom(2, 14, 20)),
            lifetimeSeconds: maybe(fc.integer({ min: 60, max: 86400 })),
          }),
          { selector: ({ priority }) => priority, maxLength: 3 },
        )
        .map((list) => list.sort((a, b) => a.priority - b.priority)),
      keys: fc.array(
        fc.record({
          type: maybe(fc.constantFrom("0", "6")),
          key: name,
          whom: fc.oneof(
            fc.record({ address, mask: maybe(mask), hostname: fc.constant(undefined) }),
            name.map((hostname) => ({ address: undefined, mask: undefined, hostname })),
          ),
          noXauth: fc.boolean(),
        }),
        { maxLength: 3 },
      ),
      keepalive: maybe(
        fc.record({
          seconds: fc.integer({ min: 10, max: 3600 }),
          retrySeconds: maybe(fc.integer({ min: 2, max: 60 })),
          mode: fc.constantFrom("periodic" as const, "on-demand" as const),
        }),
      ),
      natKeepaliveSeconds: maybe(fc.integer({ min: 5, max: 3600 })),
      invalidSpiRecovery: fc.boolean(),
    }),
    ipsec: fc.record({ said: settings, dfBit, fragmentation, udpEncapsulation: fc.boolean() }),
    transformSets: fc.uniqueArray(
      fc.record({ name, transforms, mode: fc.constantFrom("tunnel" as const, "transport" as const) }),
      {
        selector: (set) => set.name,
        maxLength: 3,
      },
    ),
    profiles: fc.uniqueArray(
      fc.record({
        name,
        said: settings,
        transformSets: fc.array(name, { maxLength: 1 }),
        pfs: maybe(fc.constant("group2")),
      }),
      {
        selector: (profile) => profile.name,
        maxLength: 2,
      },
    ),
    ezvpn: fc.uniqueArray(
      fc.record({
        name,
        connect: fc.constantFrom("auto" as const, "manual" as const),
        membership: maybe(fc.record({ group: name, key: name })),
        mode: maybe(fc.constantFrom("client" as const, "network-extension" as const)),
        peers: fc.uniqueArray(host, { maxLength: 3 }),
      }),
      { selector: (client) => client.name, maxLength: 2 },
    ),
    dynamicMaps: mapsOf(entry, fc.constant(undefined)),
    maps: mapsOf(fc.oneof(entry, dynamicEntry), maybe(fc.constantFrom("Loopback0", "FastEthernet0/1"))),
    other: fc.uniqueArray(otherLine, { selector: ({ line }) => line, maxLength: 5 }),
    routers: fc.uniqueArray(router, { selector: ({ number }) => number, maxLength: 3 }),
    accessLists: fc.uniqueArray(accessList, { selector: (list) => list.name, maxLength: 3 }),
  })
  .map(({ routers, ipsec: { said, ...globals }, isakmp, profiles, ezvpn, ...rest }) => ({
    ...newConfig(),
    ...rest,
    isakmp: { ...isakmp, keys: isakmp.keys.map(({ whom, ...key }) => ({ ...key, ...whom })) },
    ezvpn: ezvpn.map(({ membership, ...client }) => ({
      ...client,
      ...(membership ?? { group: undefined, key: undefined }),
    })),
    // As IOS prints them: by place.
    other: PLACES.flatMap((place) => rest.other.filter((line) => line.place === place)),
    ipsec: { ...said, ...globals },
    profiles: profiles.map(({ said: own, ...profile }) => ({ ...own, ...profile })),
    interfaces: routers.map(({ number, said: own }) => ({ ...newInterface(`FastEthernet0/${number}`), ...own })),
    // IOS prints the named lists first.
    accessLists: [...rest.accessLists].sort((a, b) => Number(b.named) - Number(a.named)),
  }));
