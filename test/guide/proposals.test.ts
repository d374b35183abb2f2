// Several transform sets: a proposal in order, and the first that both ends have.
import { describe, expect, it } from "vitest";
import { execute, firstCommon, type LabRouter, type LiveIdent } from "../../src/ios/index.js";
import { twoRouters } from "../ios/lab.js";

const first = ({ session }: LabRouter) => session.idents[0] as LiveIdent;
const said = ({ session }: LabRouter) => session.log.lines.map((line) => line.replace(/^\*.*?\d: /, ""));

/** The guide's routers, each with sets of its own in place of its one. */
async function withSets(a: readonly string[], b: readonly string[]) {
  const sets = { "hostname ipseca-71a": a, "hostname ipseca-72a": b };
  return twoRouters((text) => {
    const own = Object.entries(sets).find(([hostname]) => text.includes(hostname))?.[1] ?? [];
    const lines = own.map((set, nth) => `crypto ipsec transform-set s${nth} ${set}`).join("\n");
    return text
      .replace("crypto ipsec transform-set auth2 ah-sha-hmac esp-des esp-sha-hmac", lines)
      .replace(" set transform-set auth2", ` set transform-set ${own.map((_, nth) => `s${nth}`).join(" ")}`);
  });
}

describe("the transform sets of an entry", () => {
  it.each([
    [["esp-gcm 256", "esp-gcm"], ["esp-gcm"], "esp-gcm"],
    [["esp-gcm", "esp-gcm 256"], ["esp-gcm 256", "esp-gcm"], "esp-gcm"],
    [
      ["esp-aes esp-sha-hmac", "ah-sha256-hmac esp-aes esp-sha256-hmac"],
      ["esp-aes 256 esp-sha-hmac", "esp-sha256-hmac esp-aes ah-sha256-hmac"],
      "ah-sha256-hmac",
    ],
    [["esp-gcm comp-deflate", "esp-gcm"], ["esp-gcm"], "esp-gcm"],
  ])("44: %j and %j: the initiator's first that both have", async (a, b, taken) => {
    const { lab, a: routerA, b: routerB } = await withSets(a, b);
    expect(lab.ping(routerA, first(routerA), 3, 0).answered).toBe(3);
    for (const { session } of [routerA, routerB]) {
      const shown = execute(session, "show crypto ipsec sa", 0);
      expect(shown).toContain(`transform: ${taken} ,`);
      expect(/outbound pcp sas:\n.*spi/.test(shown)).toBe(false);
    }
  });

  it("25: no set in common: no SAs, and both say so", async () => {
    const { lab, a, b } = await withSets(["esp-aes esp-sha-hmac", "esp-gcm"], ["esp-aes 256 esp-sha-hmac"]);
    execute(b.session, "debug crypto ipsec", 0);
    expect(lab.ping(a, first(a), 1, 0)).toMatchObject({ answered: 0, last: { verdict: "no-sa", at: "ipseca-71a" } });
    const proposal = (transform: string) => `IPSEC(validate_proposal_request): proposal part #1,
  (key eng. msg.) INBOUND local= 10.2.2.2, remote= 10.1.1.1,
  local_proxy= 10.0.2.2/255.255.255.255/0/0 (type=1),
  remote_proxy= 10.0.0.1/255.255.255.255/0/0 (type=1),
  protocol= ESP, transform= ${transform} ,
  lifedur= 0s and 0kb,
  spi= 0x0(0), conn_id= 0, keysize= 0, flags= 0x2`;
    const unsupported = (transform: string) =>
      `IPSEC(validate_transform_proposal): transform proposal not supported for identity:\n  {${transform} }`;
    const failure = "%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Quick mode failed with peer at";
    expect(said(b)).toEqual([
      proposal("esp-aes esp-sha-hmac"),
      unsupported("esp-aes esp-sha-hmac"),
      proposal("esp-gcm"),
      unsupported("esp-gcm"),
      `${failure} 10.1.1.1`,
    ]);
    expect(said(a)).toEqual([`${failure} 10.2.2.2`]);
    expect(lab.ping(a, first(a), 1, 2000).answered).toBe(0); // and it is asked again
    expect(said(a)).toHaveLength(2);
  });

  it("25: the other end protects other traffic: the identities are not supported", async () => {
    const { lab, a, b } = await twoRouters((text) =>
      text.replace("permit ip host 10.0.2.2 host", "permit tcp host 10.0.2.2 host"),
    );
    execute(b.session, "debug crypto ipsec", 0);
    expect(lab.ping(a, first(a), 1, 0).answered).toBe(0);
    expect(said(b)[0]).toBe("IPSEC(validate_transform_proposal): proxy identities not supported");
  });

  it("the order within a set does not matter, its mode does", () => {
    const set = (mode: "tunnel" | "transport", ...transforms: string[]) => ({ name: "x", mode, transforms });
    const ours = [set("tunnel", "esp-sha-hmac", "esp-aes")];
    expect(firstCommon([set("tunnel", "esp-aes", "esp-sha-hmac")], ours)).toBeDefined();
    expect(firstCommon([set("transport", "esp-aes", "esp-sha-hmac")], ours)).toBeUndefined();
  });
});
