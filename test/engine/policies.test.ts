// The order of the SPD, and what a failed negotiation leaves.
import { expect, it } from "vitest";
import { DataPlane, type IpsecError } from "../../src/index.js";
import { ipv4 } from "../packets.js";
import { gcm } from "./world.js";

it("a policy stands where it is put: in front of another, or behind all", async () => {
  const plane = await DataPlane.create({ limits: "edge" });
  const verdict = (target: string) => plane.protect(0, ipv4({ target })).verdict;
  const rest = plane.addPolicy({ direction: "out", action: "bypass" });
  expect(verdict("10.2.0.1")).toBe("bypassed");
  const narrow = plane.addPolicy({
    direction: "out",
    selector: { target: "10.2.0.0/16" },
    action: "discard",
    before: rest,
  });
  expect([verdict("10.2.0.1"), verdict("10.3.0.1")]).toEqual(["discarded", "bypassed"]);
  const host = plane.addPolicy({
    direction: "out",
    selector: { target: "10.2.0.1" },
    action: "protect",
    before: narrow,
  });
  expect([verdict("10.2.0.1"), verdict("10.2.0.2")]).toEqual(["no-sa", "discarded"]);
  host.delete();
  expect(verdict("10.2.0.1")).toBe("discarded");
});

it("in front of one that is not there is refused, and nothing is installed", async () => {
  const plane = await DataPlane.create({ limits: "edge" });
  const inbound = plane.addPolicy({ direction: "in", action: "bypass" });
  const gone = plane.addPolicy({ direction: "out", action: "bypass" });
  gone.delete();
  const sa = plane.addSa(gcm("out"));
  for (const before of [inbound, gone]) {
    const add = () => plane.addPolicy({ direction: "out", action: "protect", before, sa });
    expect(add).toThrowError(expect.objectContaining({ code: "policy" }) as IpsecError);
  }
  expect(plane.protect(0, ipv4()).verdict).toBe("discarded");
});

it("acquire comes once, and once more when nobody could be agreed with", async () => {
  const plane = await DataPlane.create({ limits: "edge" });
  const policy = plane.addPolicy({ direction: "out", action: "protect" });
  const asked = () => {
    expect(plane.protect(0, ipv4()).verdict).toBe("no-sa");
    return plane.nextEvent();
  };
  expect(asked()).toMatchObject({ kind: "acquire", policy });
  expect(asked()).toBeUndefined();
  policy.askAgain();
  expect(asked()).toMatchObject({ kind: "acquire", policy });
});
