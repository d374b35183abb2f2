// The guide's Router A and Router B as two engines: its verification procedure, its filters, its messages on live state.
import { describe, expect, it } from "vitest";
import { execute, type LabRouter, type LiveIdent } from "../../src/ios/index.js";
import { guideConfig } from "../ios/configs.js";
import { routers, twoRouters, withTransforms } from "../ios/lab.js";
import { bare, printed } from "../ios/printed.js";
import { ipv4 } from "../packets.js";

const KEY = Uint8Array.from({ length: 20 }, (_, i) => 0x31 + i);
const DES = withTransforms("esp-des esp-sha-hmac");
const first = ({ session }: LabRouter) => session.idents[0] as LiveIdent;
const lines = (text: string, pattern: RegExp) =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => pattern.test(line));
const idsIn = (text: string) =>
  lines(text, /conn id/).map((line) => /conn id: (\d+), flow_id: (\d+)/.exec(line)?.slice(1).join(" "));
const spisOf = (router: LabRouter) =>
  first(router)
    .shown(0)
    .sas.map(({ spi, protocol, direction }) => [spi, protocol, direction] as const);
/** Its SA of IKE first: so nobody is told of those of IPsec. */
const lose = ({ session }: LabRouter, now: number) => {
  for (const command of ["clear crypto isakmp", "clear crypto sa"]) execute(session, command, now);
};
const logOf = ({ session }: LabRouter) => session.log.lines.map((line) => line.replace(/^\*.*?: /, ""));

describe("the verification procedure", () => {
  it("22, 24, 28: initiate, clear on B, send from A, find the invalid SPI in B's log and new SAs on both", async () => {
    const { lab, a, b } = await twoRouters();
    // 1. Initiate.
    expect(lab.ping(a, first(a), 10, 0).answered).toBe(10);
    expect(execute(a.session, "show crypto isakmp sa", 0).split("\n")[1]).toBe(
      "  /           10.2.2.2    10.1.1.1    QM_IDLE    1         0",
    );
    // 2. Clear on B.
    const spi = spisOf(a).find(([, protocol, direction]) => protocol === "ah" && direction === "out")?.[0] as number;
    lose(b, 1000);
    expect(execute(b.session, "show crypto isakmp sa", 1000)).toContain("MM_NO_STATE 1         0 (deleted)");
    // 3. Send from A: one packet is lost, then new SAs carry the others.
    expect(lab.ping(a, first(a), 10, 45_739).answered).toBe(9);
    for (const { session } of [a, b]) {
      expect(idsIn(execute(session, "show crypto ipsec sa", 45_739))).toEqual(["5127 3", "5125 3", "5128 4", "5126 4"]);
    }
    // 4. The message on B: of the bundle, the AH SA is named.
    const hex = spi.toString(16).toUpperCase();
    expect(b.session.log.lines).toContain(
      `*Mar 24 20:55:45.739: %CRYPTO-4-RECV_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for destaddr=10.2.2.2, prot=51, spi=0x${hex}(${spi}), srcaddr=10.1.1.1`,
    );
    // As at the end of the guide's third step.
    expect(execute(a.session, "show crypto isakmp sa", 45_739).split("\n").slice(1)).toEqual([
      "  /           10.2.2.2    10.1.1.1    MM_NO_STATE 1         0 (deleted)",
      "  /           10.2.2.2    10.1.1.1    QM_IDLE    2         0",
    ]);
  });

  it("22: with an IKE SA left the notice goes through it, recovery or not; a peer that clears its SAs says so", async () => {
    const { lab, a, b } = await twoRouters((text) => text.replace("crypto isakmp invalid-spi-recovery\n", ""));
    lab.ping(a, first(a), 1, 0);
    b.reachable = false;
    execute(b.session, "clear crypto sa", 1000); // the Delete is lost
    lab.settle(1000);
    b.reachable = true;
    expect(lab.ping(a, first(a), 10, 2000).answered).toBe(9);
    expect(execute(b.session, "show crypto isakmp sa", 2000)).not.toContain("deleted");
    execute(b.session, "clear crypto sa", 3000);
    lab.settle(3000);
    expect([first(a).hasSas, first(b).hasSas]).toEqual([false, false]);
    expect(lab.ping(a, first(a), 10, 4000).answered).toBe(10);
    execute(b.session, "clear crypto session", 5000);
    lab.settle(5000);
    expect(execute(a.session, "show crypto isakmp sa", 5000)).toContain("MM_NO_STATE 1         0 (deleted)");
    expect(logOf(b).filter((line) => line.includes("INV_SPI"))).toHaveLength(1);
  });

  it("22: without invalid-spi-recovery it stays a black hole", async () => {
    const off = (text: string) => DES(text).replace("crypto isakmp invalid-spi-recovery\n", "");
    const { lab, a, b } = await twoRouters(off);
    lab.ping(a, first(a), 1, 0);
    lose(b, 1000);
    expect(lab.ping(a, first(a), 10, 2000)).toMatchObject({
      answered: 0,
      last: { verdict: "unknown-spi", at: "ipseca-72a" },
    });
  });

  it("24: many of them are few messages, the others counted", async () => {
    const { lab, a, b } = await twoRouters((text) => DES(text).replace("crypto isakmp invalid-spi-recovery\n", ""));
    lab.ping(a, first(a), 1, 0);
    lose(b, 1000);
    for (let now = 2000; now < 32_000; now += 100) lab.ping(a, first(a), 1, now);
    const told = logOf(b).filter((line) => line.includes("RECV_PKT_INV_SPI")).length;
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(10);
    expect(execute(b.session, "show logging", 32_000)).toMatch(/\(0 messages dropped, 19\d messages rate-limited/);
  });
});

describe("the anti-replay window", () => {
  it("10: a packet that comes twice is logged with its connection, and counted", async () => {
    const { lab, a, b } = await twoRouters(DES);
    lab.ping(a, first(a), 1, 0);
    const sealed = a.plane.protect(10, ipv4({ source: "10.0.0.1", target: "10.0.2.2" })).datagrams[0] as Uint8Array;
    expect([1, 2].map(() => b.plane.unprotect(10, sealed).verdict)).toEqual(["delivered", "replayed"]);
    b.session.takeEvents(10);
    const id = first(b).installed.find(({ sa }) => sa.direction === "in")?.connectionId;
    expect(b.session.log.lines.at(-1)).toBe(
      `*Mar 24 20:55:00.010: %CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed connection id=${id}`,
    );
    expect(execute(b.session, "show crypto ipsec sa detail", 10)).toContain("#pkts replay failed (rcv) 1");
    expect(execute(b.session, "show crypto ipsec sa", 10)).toContain("#send errors 0, #recv errors 1");
  });

  it("12: disabled towards one peer, a window towards another", async () => {
    const gateway = guideConfig("replay-map");
    const peer = `crypto ipsec transform-set t esp-des esp-md5-hmac
crypto map m 10
 set peer 172.17.150.1
 set transform-set t
 match address 101
crypto map m 20
 set peer 172.17.150.1
 set transform-set t
 match address 102
interface FastEthernet0
 ip address 172.17.150.2 255.255.255.0
 crypto map m
access-list 101 permit ip 172.18.170.0 0.0.0.255 172.16.160.0 0.0.0.255
`;
    const { lab, a, b } = await routers(gateway, peer);
    expect(lab.ping(a, first(a), 2, 0).answered).toBe(2);
    expect(a.session.idents).toHaveLength(3);
    const packet = ipv4({ source: "172.18.170.1", target: "172.16.160.1" });
    const sealed = b.plane.protect(1, packet).datagrams[0] as Uint8Array;
    expect([1, 2].map(() => a.plane.unprotect(1, sealed).verdict)).toEqual(["delivered", "delivered"]);
    expect(lines(execute(a.session, "show crypto ipsec sa map ETH0", 0), /replay detection/)).toEqual([
      "replay detection support: N",
      "replay detection support: N",
    ]);
  });
});

describe("show and clear on live state", () => {
  it("29, 30, 31: with the guide's SPIs, five seconds and ten pings later, both routers print what the guide prints", async () => {
    const { lab, a, b } = await twoRouters();
    const keys = ([esp, ah]: readonly [number, number]) => [
      { spi: esp, encryptionKey: KEY.slice(0, 8), integrityKey: KEY },
      { spi: ah, encryptionKey: new Uint8Array(0), integrityKey: KEY },
    ];
    const toA = keys([0x249c5062, 0xb16d1587]);
    const toB = keys([0x7aa69cb7, 0x1214f0d]);
    a.session.install(0, first(a), { inbound: toA, outbound: toB });
    b.session.install(0, first(b), { inbound: toB, outbound: toA });
    expect(lab.ping(a, first(a), 10, 5000).answered).toBe(10);
    // How far IOS has lowered each volume nobody can know; the seconds of two of its SAs differ by one.
    const masked = (text: string) => bare(text).map((line) => line.replace(/\(\d+\/359\d\)/, "(k/sec)"));
    const shownA = masked(execute(a.session, "show crypto ipsec sa interface fastethernet0/0", 5000));
    expect(shownA).toEqual(masked(printed("ipsec-sa-a")));
    const guideB = masked(printed("ipsec-sa-b"));
    const shownB = masked(execute(b.session, "show crypto ipsec sa interface FastEthernet1/0", 5000));
    expect(shownB.slice(0, guideB.length)).toEqual(guideB);
  });

  it("31, 33: ids go on with each generation; volume starts up to five percent lower and falls with the traffic", async () => {
    const { lab, a } = await twoRouters(DES);
    lab.ping(a, first(a), 1, 0);
    const left = () =>
      first(a)
        .shown(0)
        .sas.map(({ remainingKilobytes }) => remainingKilobytes);
    const [before = 0] = left();
    expect(before).toBeLessThanOrEqual(4_608_000);
    expect(before).toBeGreaterThan(4_608_000 * 0.95 - 1);
    lab.ping(a, first(a), 100, 0);
    expect(before - (left()[0] ?? 0)).toBeGreaterThanOrEqual(9); // 100 packets of 104 bytes
    const ids = () =>
      first(a)
        .shown(0)
        .sas.map(({ connectionId, flowId }) => `${connectionId}/${flowId}`);
    expect(ids()).toEqual(["5121/1", "5122/2"]);
    lab.tick(3_250_000); // nine tenths of an hour: rekeyed, both sides at once
    expect(ids()).toEqual(["5121/1", "5122/2", "5123/3", "5124/4"]);
    lab.tick(3_290_000);
    expect(ids()).toEqual(["5121/1", "5123/3", "5124/4"]); // the old inbound SA drains
    lab.tick(3_600_001);
    expect(ids().some((id) => id === "5121/1")).toBe(false);
    expect(lab.ping(a, first(a), 1, 3_600_002).answered).toBe(1);
  });

  it("32: the filters, words shortened, and what is wrong with a command", async () => {
    const { lab, a } = await twoRouters(DES);
    lab.ping(a, first(a), 10, 0);
    const run = (command: string) => execute(a.session, command, 0);
    const all = run("show crypto ipsec sa");
    expect(run("sh cry ips sa")).toBe(all);
    expect(run("show crypto ipsec sa map testtag1")).toBe(all);
    expect(run("show crypto ipsec sa interface fastethernet0/0")).toBe(all);
    expect(run("show crypto ipsec sa interface FastEthernet 0/0")).toBe(all);
    expect(run("show crypto ipsec sa map other")).toBe("No SAs found");
    expect(run("show crypto ipsec sa address")).toMatch(/^dest address: 10\.1\.1\.1\n {3}protocol: ESP\n/);
    expect(run("show crypto ipsec sa identity")).not.toContain("inbound esp sas");
    expect(run("show crypto ipsec sx")).toBe(
      "show crypto ipsec sx\n                  ^\n% Invalid input detected at '^' marker.",
    );
    expect(run("show crypto")).toBe("% Incomplete command.");
  });

  it("29, 34: IPComp inside the SA: its list and its counters", async () => {
    const { lab, a, b } = await twoRouters(withTransforms("esp-gcm comp-deflate"));
    const long = ipv4({ source: "10.0.0.1", target: "10.0.2.2", length: 1000 });
    lab.ping(a, first(a), 1, 0);
    expect(lab.send(a, long, 1)).toEqual({ verdict: "delivered", at: "ipseca-72a" });
    const shown = execute(a.session, "show crypto ipsec sa", 1);
    expect(shown).toMatch(/ {2}outbound pcp sas:\n {4}spi: 0x2\(2\)\n {6}transform: comp-deflate ,\n/);
    expect(lines(shown, /compr/)[0]).toBe("#pkts compressed: 2, #pkts decompressed: 1");
    const far = execute(b.session, "show crypto ipsec sa", 1);
    expect(lines(far, /compr/)[0]).toBe("#pkts compressed: 1, #pkts decompressed: 2");
  });

  it("48: behind a NAT ESP goes in UDP, unless udp-encapsulation is off", async () => {
    const sealedWith = async (text: string) => {
      const { a } = await twoRouters((given) => DES(given).replace("crypto isakmp invalid-spi-recovery", text));
      const ident = first(a);
      const keys = (spi: number) => [{ spi, encryptionKey: KEY.slice(0, 8), integrityKey: KEY }];
      const natTraversal = { sourcePort: 4500, targetPort: 1024 };
      a.session.install(0, ident, { inbound: keys(0x1001), outbound: keys(0x2002), natTraversal });
      const sealed = a.plane.protect(0, ipv4({ source: "10.0.0.1", target: "10.0.2.2" })).datagrams[0];
      const mode = lines(execute(a.session, "show crypto ipsec sa", 0), /in use/)[0];
      return [sealed?.[9], mode];
    };
    expect(await sealedWith("")).toEqual([17, "in use settings ={Tunnel UDP-Encaps, }"]);
    const off = "no crypto ipsec nat-transparency udp-encapsulation";
    expect(await sealedWith(off)).toEqual([50, "in use settings ={Tunnel, }"]);
  });

  it("43, 46: clear crypto session, everything or by its ends; the tunnel goes down, and up again", async () => {
    const { lab, a } = await twoRouters(DES);
    lab.ping(a, first(a), 1, 0);
    execute(a.session, "clear crypto session remote 10.9.9.9", 1);
    execute(a.session, "clear crypto session local 10.1.1.1 port 4500", 1);
    execute(a.session, "clear crypto session fvrf red", 1);
    expect(first(a).hasSas).toBe(true);
    execute(a.session, "clear crypto session local 10.1.1.1 remote 10.2.2.2 port 500", 2);
    expect(first(a).hasSas).toBe(false);
    expect(execute(a.session, "show crypto session", 2)).toContain("Session status: DOWN");
    expect(lab.ping(a, first(a), 1, 3).answered).toBe(1);
    expect(logOf(a)).toEqual([
      "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP  . Peer 10.2.2.2:500      Id: 10.2.2.2",
      "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN. Peer 10.2.2.2:500      Id: 10.2.2.2",
      "%CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP  . Peer 10.2.2.2:500      Id: 10.2.2.2",
    ]);
  });

  it("25: debug crypto ipsec on and off", async () => {
    const { lab, a } = await twoRouters(DES);
    expect(execute(a.session, "debug crypto ipsec", 0)).toBe("Crypto IPSEC debugging is on");
    lab.ping(a, first(a), 1, 0);
    const made = logOf(a).filter((line) => line.startsWith("IPSEC(create_sa)"));
    expect(made).toHaveLength(2);
    expect(made[0]).toMatch(
      /sa_dest= 10\.1\.1\.1, sa_prot= 50,\n {2}sa_spi= 0x[0-9A-F]+\(\d+\),\n {2}sa_trans= esp-des esp-sha-hmac , sa_conn_id= 939529217/,
    );
    execute(a.session, "no debug crypto ipsec", 1);
    execute(a.session, "clear crypto session", 1);
    lab.ping(a, first(a), 1, 2);
    expect(logOf(a).filter((line) => line.startsWith("IPSEC(create_sa)"))).toHaveLength(2);
  });
});

describe("dead peers", () => {
  it("42: a peer that answers: R_U_THERE and its ACK pass through IKE's payloads", async () => {
    const periodic = (text: string) =>
      DES(text).replace("crypto isakmp invalid-spi-recovery\n", "crypto isakmp keepalive 10 periodic\n");
    const { lab, a, b } = await twoRouters(periodic);
    lab.ping(a, first(a), 1, 0);
    execute(a.session, "debug crypto isakmp", 0);
    for (let now = 0; now <= 40_000; now += 500) lab.tick(now);
    const acks = logOf(a).flatMap(
      (line) => /R_U_THERE_ACK received from peer (\S+), sequence 0x(\w+)/.exec(line)?.[2] ?? [],
    );
    const numbers = acks.map((hex) => Number.parseInt(hex, 16));
    expect(numbers.map((number) => number - (numbers[0] ?? 0))).toEqual([0, 1, 2, 3]);
    expect(logOf(a).some((line) => line.includes("error counter"))).toBe(false);
    expect([first(a).peer.state, first(b).peer.state]).toEqual(["up", "up"]);
  });

  it("42, 43: a router that falls silent: the probes, the retries, the tunnel down", async () => {
    const periodic = (text: string) =>
      DES(text).replace("crypto isakmp invalid-spi-recovery\n", "crypto isakmp keepalive 10 periodic\n");
    const { lab, a, b } = await twoRouters(periodic);
    execute(a.session, "debug crypto isakmp", 0);
    lab.ping(a, first(a), 1, 0);
    b.reachable = false;
    for (let now = 0; now <= 20_000; now += 500) lab.tick(now);
    const log = a.session.log.lines.map((line) =>
      line.replace("*Mar 24 20:55:", "").replace("ISAKMP:(0:1:HW:1): ", ""),
    );
    const told = log.filter((line) => /DPD|TIMER_(IM|PEERS)|error counter|respond|SESSION_STATUS/.test(line));
    expect(told).toEqual([
      "00.000: IKE_DPD is enabled, initializing timers",
      "00.000: %CRYPTO-5-SESSION_STATUS: Crypto tunnel is UP  . Peer 10.2.2.2:500      Id: 10.2.2.2",
      "10.000: Input = IKE_MESG_FROM_TIMER, IKE_TIMER_IM_ALIVE",
      ...["12", "14", "16", "18"].flatMap((second) => [
        `${second}.000: incrementing error counter on sa: PEERS_ALIVE_TIMER`,
        `${second}.000: Input = IKE_MESG_FROM_TIMER, IKE_TIMER_PEERS_ALIVE`,
      ]),
      "20.000: incrementing error counter on sa: PEERS_ALIVE_TIMER",
      "20.000: peer 10.2.2.2 not responding!",
      "20.000: %CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN. Peer 10.2.2.2:500      Id: 10.2.2.2",
      "20.000: Input = IKE_MESG_FROM_TIMER, IKE_TIMER_PEERS_ALIVE",
    ]);
    expect(execute(a.session, "show crypto isakmp sa", 20_000)).toContain("(deleted)");
    expect(first(a).hasSas).toBe(false);
  });
});
