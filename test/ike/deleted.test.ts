// What one end deletes, the other stops sending in: through the payloads of an INFORMATIONAL message.
import { describe, expect, it } from "vitest";
import { writeDeleteIke, writePayloads } from "../../src/ike/index.js";
import { gcm } from "../engine/world.js";
import { negotiate, pass, settle, twoEnds } from "./two-ends.js";

const VERSIONS = [1, 2] as const;

describe("SAs that are gone", () => {
  it.each(VERSIONS)("IKEv%i: one that was deleted here is not sent in there", async (version) => {
    const [a, b] = await twoEnds({}, {}, version);
    const [inbound, outbound] = [b.incoming, b.out];
    inbound?.delete();
    outbound?.delete();
    b.driver.gone(1000, [inbound as never, outbound as never]);
    expect(b.sent).toHaveLength(1); // of the outbound SA nothing is said: its SPI is the other end's
    expect([a.out?.state, a.incoming?.state]).toEqual(["deleted", "live"]);
    expect(a.say(1001)).toBe("no-sa");
  });

  it("an SA whose lifetime is over is told of, and only that one", async () => {
    const [a, b] = await twoEnds();
    const old = a.out;
    negotiate(a, b);
    const tunnel = { source: a.address, target: b.address };
    const life = { lifetime: { seconds: 5 }, addedAt: 0 };
    const short = b.plane.addSa({ ...gcm("in", { spi: 0x9999 }), tunnel, peer: b.peer, ...life } as never);
    const theirs = a.plane.addSa({ ...gcm("out", { spi: 0x9999 }), tunnel, peer: a.peer } as never);
    pass(5000, b);
    expect([short.state, theirs.state, a.out?.state, old?.state]).toEqual(["expired", "deleted", "live", "live"]);
  });

  it("a peer names its own SAs alone", async () => {
    const [a, b] = await twoEnds();
    const other = a.plane.addPeer({ addresses: ["10.9.9.9"] });
    const tunnel = { source: "10.1.1.1", target: "10.9.9.9" };
    const spi = b.incoming?.spi as number;
    const foreign = a.plane.addSa({ ...gcm("out", { spi }), tunnel, peer: other } as never);
    b.driver.gone(1000, [b.incoming as never]);
    expect([foreign.state, a.out?.state]).toEqual(["live", "deleted"]);
  });

  it.each(VERSIONS)("IKEv%i: the IKE SA itself is released", async (version) => {
    const [a, b] = await twoEnds({}, {}, version);
    const sa = b.find(a.address);
    b.inform(1000, sa as never, writePayloads([writeDeleteIke(version, sa as never)]));
    settle(1000, a, b);
    expect(a.log).toContain("release deleted");
    expect(a.find(b.address)).toBeUndefined();
    expect(a.out?.state).toBe("live");
  });

  it("a malformed one changes nothing", async () => {
    const [a, b] = await twoEnds();
    const chain = { first: 12, bytes: Uint8Array.of(0, 0, 0, 8, 0, 0, 0, 1) };
    expect(a.driver.informed(1000, a.peer, a.find(b.address) as never, chain)).toBe(false);
    expect(a.out?.state).toBe("live");
  });
});
