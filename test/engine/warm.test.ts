// Option `warm`: suites are brought into the optimising compiler, and the plane is as without.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DataPlane, IpsecError, type PlaneOptions, type WarmSuite } from "../../src/index.js";
import { throwawayOptions, warmUp } from "../../src/warm.js";
import { BUILDS } from "../differential/builds.js";
import { ipv4 } from "../packets.js";
import { Random } from "../random.js";
import { LEGACY_SUITES, SUITES } from "../reference/suites.js";
import { drain, events, gcm } from "./world.js";

const WARM: readonly WarmSuite[] = ["aes-gcm-16", "aes-cbc+hmac-sha2-256-128"];

/** The same chance for every plane, and how often it was asked. */
function chance() {
  const random = new Random(11);
  const drawn: number[] = [];
  const fill = (bytes: Uint8Array) => {
    drawn.push(bytes.length);
    bytes.set(random.bytes(bytes.length));
  };
  return { fill, drawn };
}

/** Everything of a plane that can be seen, its memory included, and what becomes of its first SAs and packets. */
function seen(plane: DataPlane, drawn: readonly number[]) {
  const { memory } = plane.createItem();
  const fresh = {
    drawn: [...drawn],
    memory: createHash("sha256").update(memory).digest("hex"),
    counters: { ...plane.counters },
    reassembly: { ...plane.reassembly },
    deadline: plane.deadline(),
    events: [events(plane), plane.eventsLost],
    bytes: plane.memoryBytes,
    variant: plane.variant,
    sealed: plane.explain("sealed"),
    items: drain(plane, 0),
  };
  const ends = { source: "192.0.2.1", target: "192.0.2.2" };
  // Carrier "ip": it is still to be chosen, and the datagram shows the IPv4 identification.
  const out = plane.addSa({ ...gcm("out", { tunnel: ends, lifetime: { seconds: 60 } }), carrier: "ip" });
  const incoming = plane.addSa(gcm("in", { tunnel: ends }));
  const datagram = plane.protect(0, ipv4(), out).datagrams[0] as Uint8Array;
  const opened = plane.unprotect(0, datagram);
  const first = {
    places: [out.index, out.generation, incoming.index, incoming.generation],
    datagram: Buffer.from(datagram).toString("hex"),
    verdict: opened.verdict,
    sequence: [out.sequence, incoming.sequence, opened.sequence],
    stats: [out.stats, incoming.stats],
    deadline: plane.deadline(),
    counters: { ...plane.counters },
    memory: createHash("sha256").update(memory).digest("hex"),
  };
  return { fresh, first };
}

/** The code and the sentence of what `call` throws. */
async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
  } catch (error) {
    if (error instanceof IpsecError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return "nothing was thrown";
}

afterEach(() => vi.restoreAllMocks());

describe.each(BUILDS)("$name", ({ name, options }) => {
  const wasm = readFileSync(`build/${name}.wasm`) as Buffer<ArrayBuffer>;
  const legacy: readonly WarmSuite[] = name === "legacy" ? ["3des-cbc+hmac-md5-96"] : [];
  const common = { ...options, limits: "edge" } as const;

  it("a plane after `warm` is a fresh one, to the last byte of its memory", async () => {
    const make = async (more: PlaneOptions) => {
      const { fill, drawn } = chance();
      return seen(await DataPlane.create({ ...common, ...more, random: fill }), drawn);
    };
    const without = await make({});
    expect(without.first.verdict).toBe("delivered");
    expect(await make({ warm: [...WARM, ...legacy] })).toEqual(without);
  });

  it("createSync does the same", async () => {
    const make = (more: PlaneOptions) => {
      const { fill, drawn } = chance();
      return seen(DataPlane.createSync({ ...common, wasm, ...more, random: fill }), drawn);
    };
    expect(make({ warm: [...WARM, ...legacy] })).toEqual(make({}));
  });

  it("every suite of the profile is sealed and opened, each packet, and nothing is left of it", async () => {
    const all = name === "legacy" ? [...SUITES, ...LEGACY_SUITES] : SUITES;
    const named = all.map(({ encryption, integrity }) => [encryption, integrity].filter(Boolean).join("+"));
    const suites = [...new Set(named)] as WarmSuite[];
    const plane = await DataPlane.create({ ...options, ...throwawayOptions(options) });
    const { memory } = plane.createItem();
    warmUp(plane, suites);
    const { sealed, delivered, ...others } = plane.counters;
    expect(sealed).toBeGreaterThanOrEqual(suites.length * 1000);
    expect(delivered).toBe(sealed);
    expect(Object.values(others).filter((count) => count !== 0)).toEqual([]);
    expect(memory.every((byte) => byte === 0)).toBe(true);
  });
});

/** How many packets each instance of the kernel is asked to seal from now on, in the order they are made. */
function countSealed(): number[] {
  const counts: number[] = [];
  const { Instance } = WebAssembly;
  const instantiate = WebAssembly.instantiate as (module: WebAssembly.Module) => Promise<WebAssembly.Instance>;
  const counted = ({ exports }: WebAssembly.Instance) => {
    const at = counts.push(0) - 1;
    const seal = exports["seal"] as (descriptors: number, count: number) => void;
    const counting = (descriptors: number, count: number) => {
      counts[at] = (counts[at] as number) + count;
      seal(descriptors, count);
    };
    return { exports: { ...exports, seal: counting } };
  };
  vi.spyOn(WebAssembly, "instantiate").mockImplementation((async (module: WebAssembly.Module) =>
    counted(await instantiate(module))) as unknown as typeof WebAssembly.instantiate);
  vi.spyOn(WebAssembly, "Instance").mockImplementation(function (this: unknown, module: WebAssembly.Module) {
    return counted(new Instance(module));
  });
  return counts;
}

it("`warm` runs packets through another instance of the module, and none through the plane's own", async () => {
  const module = new WebAssembly.Module(readFileSync("build/simd.wasm"));
  const ways = [DataPlane.create, DataPlane.createSync];
  for (const create of ways) {
    const counts = countSealed();
    const plane = await create({ wasm: module, limits: "edge", warm: ["aes-gcm-16", "aes-gcm-16"] });
    expect([...counts].sort((a, b) => a - b)).toEqual([0, expect.toSatisfy((count: number) => count >= 1000)]);
    const before = counts.length;
    await create({ wasm: module, limits: "edge", warm: [] });
    expect(counts.length).toBe(before + 1);
    plane.close();
    vi.restoreAllMocks();
  }
});

it("a name that is no suite does not compile, and is refused by a sentence that says which are", async () => {
  const create = (warm: readonly WarmSuite[], profile?: "modern" | "legacy") =>
    refusal(() => DataPlane.create({ limits: "edge", warm, ...(profile && { profile }) }));
  // @ts-expect-error: no such AEAD
  expect(await create(["aes-gcm"])).toMatch(
    /^option: warm names "aes-gcm": .*aes-gcm-16.*"interop".*aes-cbc.*hmac-sha1-96/,
  );
  // @ts-expect-error: a cipher needs an integrity algorithm
  expect(await create(["aes-cbc"])).toMatch(/^option: warm names "aes-cbc"/);
  // @ts-expect-error: an AEAD has none
  expect(await create(["aes-gcm-16+hmac-sha1-96"])).toMatch(/^option/);
  // @ts-expect-error: one is enough
  expect(await create(["aes-cbc+hmac-sha1-96+hmac-sha1-96"])).toMatch(/^option/);
  // @ts-expect-error: a name of Object.prototype
  expect(await create(["constructor"])).toMatch(/^option/);
  // @ts-expect-error: a list is needed
  expect(await create("aes-gcm-16")).toMatch(/^option: warm is aes-gcm-16: an array/);
  expect(await create(["des-cbc+hmac-md5-96"])).toMatch(/^option: .*profile "interop"/);
  expect(await create(["aes-cbc+hmac-sha1-96"], "modern")).toMatch(/^option: .*profile "modern"/);
  expect(await create(["aes-gcm-8"], "modern")).toMatch(/^option/);
  expect(await create(["des-cbc+hmac-md5-96"], "legacy")).toBe("nothing was thrown");
  expect(await create(["null+aes-cmac-96"])).toBe("nothing was thrown");
  expect(await refusal(() => DataPlane.createSync({ warm: ["rot13" as "aes-gcm-16"] }))).toMatch(/^option/);
});
