// Easy VPN remotes: their peers, when they connect, what they protect.
import { describe, expect, it } from "vitest";
import { execute, type LabRouter, type LiveIdent } from "../../src/ios/index.js";
import { guideConfig } from "../ios/configs.js";
import { labOf } from "../ios/lab.js";
import { ipv4 } from "../packets.js";

const first = ({ session }: LabRouter) => session.idents[0] as LiveIdent;

/** The guide's remote with its list of peers, its interfaces as the other example has them. */
const remote = (change: (text: string) => string = (text) => text) =>
  change(`crypto isakmp keepalive 10 periodic
${guideConfig("dpd-ezvpn-peers")}
interface FastEthernet0
 ip address 10.1.32.14 255.255.255.0
 crypto ipsec client ezvpn ezvpn-config outside
interface FastEthernet1
 ip address 172.16.1.1 255.255.255.0
 crypto ipsec client ezvpn ezvpn-config inside
`);

const server = (address: string) => `hostname server-${address}
crypto ipsec transform-set t esp-aes 256 esp-sha-hmac
crypto dynamic-map remotes 10
 set transform-set t
crypto map m 10 ipsec-isakmp dynamic remotes
interface FastEthernet0/0
 ip address ${address} 255.255.255.0
 crypto map m
`;

const SERVERS = ["10.10.10.10", "10.2.2.2", "10.3.3.3"];

async function world(change?: (text: string) => string) {
  const { lab, all } = await labOf(remote(change), ...SERVERS.map(server));
  const [client, ...servers] = all as [LabRouter, ...LabRouter[]];
  const run = (from: number, to: number) => {
    for (let now = from; now <= to; now += 500) lab.tick(now);
  };
  return { lab, client, servers, run };
}

describe("connect", () => {
  it("45: auto: it comes up at once, without traffic", async () => {
    const { client, servers, run } = await world();
    expect(first(client).peer.addresses).toEqual(SERVERS);
    expect(first(client).peer.deadPeerDetection).toMatchObject({ mode: "periodic", seconds: 10 });
    run(0, 0);
    expect(first(client).hasSas).toBe(true);
    expect(first(servers[0] as LabRouter).peer.address).toBe("10.1.32.14");
    expect(execute(client.session, "show crypto session", 0)).toContain("UP-ACTIVE");
  });

  it("45: manual: it waits for the command, whatever the traffic; each time", async () => {
    const { lab, client, run } = await world((text) => text.replace("connect auto", "connect manual"));
    run(0, 60_000);
    expect(lab.ping(client, first(client), 2, 60_000).answered).toBe(0);
    expect(execute(client.session, "crypto ipsec client ezvpn connect nobody", 60_000)).toContain("no such Easy VPN");
    expect(execute(client.session, "crypto ipsec client ezvpn connect ezvpn-config", 60_000)).toBe("");
    lab.settle(60_000);
    expect(first(client).hasSas).toBe(true);
    execute(client.session, "clear crypto ipsec client ezvpn", 61_000);
    run(61_000, 120_000);
    expect(first(client).hasSas).toBe(false);
    execute(client.session, "crypto ipsec client ezvpn connect", 120_500);
    lab.settle(120_500);
    expect(lab.ping(client, first(client), 2, 120_500).answered).toBe(2);
  });

  it("45: auto: what was cleared comes up again", async () => {
    const { client, run } = await world();
    run(0, 0);
    execute(client.session, "clear crypto ipsec client ezvpn ezvpn-config", 20_000);
    expect(first(client).hasSas).toBe(false);
    run(20_000, 20_000);
    expect(first(client).hasSas).toBe(true);
  });
});

describe("its peers", () => {
  it("40, 44, 45: a dead one is replaced by the next of the list, the last by the first", async () => {
    const { client, servers, run } = await world();
    run(0, 5000);
    const used = [first(client).peer.address];
    let now = 5000;
    for (const server of [0, 1, 2]) {
      for (const [nth, one] of servers.entries()) one.reachable = nth !== server;
      run(now, now + 60_000);
      now += 60_000;
      expect(first(client).hasSas).toBe(true);
      used.push(first(client).peer.address);
    }
    expect(used).toEqual([...SERVERS, SERVERS[0]]);
    expect(client.session.log.lines.filter((line) => line.includes("DOWN. Peer 10.10.10.10:500"))).toHaveLength(1);
  });

  it("40, 45: one that does not answer IKE is passed over, before there was an SA", async () => {
    const { client, servers, run } = await world();
    for (const one of servers.slice(0, 2)) one.reachable = false;
    run(0, 30_000);
    expect([first(client).peer.address, first(client).hasSas]).toEqual(["10.3.3.3", true]);
  });
});

describe("mode", () => {
  it("45: client: what was translated to the outside address; network-extension: the inside networks", async () => {
    const rules = async (mode: string) => {
      const { client } = await world((text) => text.replace("mode client", `mode ${mode}`));
      return client.session.shown(0).map(({ local, remote }) => [local.address, local.mask, remote.mask]);
    };
    expect(await rules("client")).toEqual([["10.1.32.14", "255.255.255.255", "0.0.0.0"]]);
    expect(await rules("network-extension")).toEqual([["172.16.1.0", "255.255.255.0", "0.0.0.0"]]);
  });

  it("45: what is missing is said", async () => {
    const { client } = await world((text) => text.replace(/ peer .*\n/g, ""));
    expect(client.session.diagnostics).toMatchObject([
      { severity: "error", text: "crypto ipsec client ezvpn ezvpn-config", reason: expect.stringContaining("a peer") },
    ]);
    expect(client.plane.protect(0, ipv4({ source: "10.1.32.14" })).verdict).toBe("bypassed");
  });

  it("47: the guide's other example is in force too", async () => {
    const { all } = await labOf(guideConfig("dpd-ezvpn"), server("10.2.80.209"));
    const [client] = all as [LabRouter];
    client.session.tick(0);
    expect(first(client).peer.deadPeerDetection).toMatchObject({ mode: "periodic", seconds: 30, retrySeconds: 20 });
  });
});
