// Every suite x mode x inner version x outer version x carrier x build: sealed by one engine, opened by another, the
// same bytes come back; and the reference opens what the engine sealed.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataPlane, type Sa, type SaConfig } from "../../src/index.js";
import { hex, ipv4, ipv6 } from "../packets.js";
import { Random } from "../random.js";
import { ReferencePlane } from "../reference/plane.js";
import { inbound, type Shape, saConfig } from "./arbitrary.js";
import { BUILDS } from "./builds.js";

const SHAPES: Shape[] = (["udp", "ip"] as const).flatMap((carrier) =>
  (["tunnel", "transport"] as const).flatMap((mode) =>
    ([4, 6] as const).flatMap((outer) =>
      (carrier === "ip" ? [false, true] : [false]).map((natt) => ({ carrier, mode, outer, natt })),
    ),
  ),
);

const nameOf = ({ carrier, mode, outer, natt }: Shape) => `${carrier}${natt ? " NAT-T" : ""} ${mode} IPv${outer}`;

/** What the receiver gets: transport mode over a socket rebuilds a minimal header. */
function packetFor(shape: Shape, version: 4 | 6, payload: Uint8Array): Uint8Array {
  if (version === 6) return ipv6({ payload, ttl: 64 });
  const minimal = shape.mode === "transport" && shape.carrier === "udp";
  return ipv4({ payload, ttl: 64, ...(minimal ? { id: 0 } : {}) });
}

describe.each(BUILDS)("$name", ({ options: build, suites }) => {
  describe.each(SHAPES.map((shape) => [nameOf(shape), shape] as const))("%s", (_, shape) => {
    const versions = shape.mode === "transport" ? [shape.outer] : ([4, 6] as const);
    it.each(versions)(`all ${suites.length} suites, IPv%i inside`, async (version) => {
      const options = { carrier: shape.carrier, ...build, limits: { sas: 256, packets: 64 } };
      const [plane, peer] = await Promise.all([DataPlane.create(options), DataPlane.create(options)]);
      const seed = new Random().seed;
      const random = new Random(seed);
      const configs = suites.map((suite, i) => saConfig(suite, shape, 0x2000 + i, random));
      const sas = configs.map((config) => ({ config, out: plane.addSa(config), peer: peer.addSa(inbound(config)) }));
      const payload = fc.uint8Array({ minLength: 8, maxLength: 1300 });
      fc.assert(
        fc.property(fc.constantFrom(...sas), payload, (pair, bytes) =>
          roundTrip(pair, packetFor(shape, version, bytes)),
        ),
        { numRuns: 10, seed },
      );
      for (const pair of sas) roundTrip(pair, packetFor(shape, version, random.bytes(random.between(8, 1300))));

      function roundTrip(pair: { config: SaConfig; out: Sa; peer: Sa }, packet: Uint8Array): void {
        const { verdict, datagrams } = plane.protect(0, packet, pair.out);
        expect(verdict, `seed ${seed}`).toBe("sealed");
        const datagram = datagrams[0] as Uint8Array;
        const opened = peer.unprotect(0, datagram);
        expect(opened.verdict, `seed ${seed}`).toBe("delivered");
        expect(hex(opened.packet as Uint8Array)).toBe(hex(packet));
        expect(opened.sa).toBe(pair.peer);
        expect(opened.sequence).toBe(pair.out.sequence);
        expect(peer.unprotect(0, datagram).verdict).toBe("replayed");
        const reference = new ReferencePlane(shape.carrier);
        reference.addSa(inbound(pair.config));
        expect(hex(reference.unprotect(0, datagram).packet as Uint8Array)).toBe(hex(packet));
      }
    });
  });
});

describe.each(BUILDS)("$name, large packets", ({ options: build, suites }) => {
  it("every suite up to the largest IP packet", async () => {
    const options = { carrier: "udp", ...build, limits: { sas: 256 } } as const;
    const [plane, peer] = await Promise.all([DataPlane.create(options), DataPlane.create(options)]);
    const random = new Random();
    for (const [i, suite] of suites.entries()) {
      const shape = { carrier: "udp", mode: "tunnel", outer: 4, natt: false } as const;
      const config = { ...saConfig(suite, shape, 0x3000 + i, random), pathMtu: 65535 };
      const out = plane.addSa(config);
      peer.addSa(inbound(config));
      for (const length of [65_535 - 100, random.between(2000, 65_000)]) {
        const packet = ipv4({ payload: random.bytes(length - 20) });
        const { verdict, datagrams } = plane.protect(0, packet, out);
        expect(verdict, `SEED=${random.seed} ${suite.name}`).toBe("sealed");
        const opened = peer.unprotect(0, datagrams[0] as Uint8Array);
        expect(opened.verdict).toBe("delivered");
        expect(hex(opened.packet as Uint8Array)).toBe(hex(packet));
      }
    }
  });
});
