// The messages, against the guide's own.
import { describe, expect, it } from "vitest";
import {
  acknowledged,
  buried,
  type DebugNegotiation,
  destroyed,
  detectionEnabled,
  invalidSpi,
  Log,
  logHeader,
  type Message,
  negotiationLines,
  notResponding,
  parseConfig,
  probeSent,
  replayFailed,
  sessionStatus,
  timestampsOf,
} from "../../src/ios/index.js";
import { guideConfig } from "../ios/configs.js";
import { bare, march, printed, ROUTER_B_AGAIN, unwrapped } from "../ios/printed.js";

function logged(at: number, ...messages: Message[]): string[] {
  const log = new Log();
  for (const message of messages) log.write(at, message);
  return [...log.lines];
}

const texts = (messages: Message[]) => messages.map(({ text }) => text);

/** What the guide's router B agrees on the second time. */
const NEGOTIATION: DebugNegotiation = {
  local: "10.2.2.2",
  remote: "10.1.1.1",
  localProxy: ROUTER_B_AGAIN.local,
  remoteProxy: ROUTER_B_AGAIN.remote,
  map: "testtag1",
  lifetimeSeconds: 3600,
  lifetimeKilobytes: 4608000,
  flowIds: [3, 4],
  sas: ROUTER_B_AGAIN.sas.map(({ direction, protocol, spi, transform, connectionId }) => ({
    direction,
    protocol: protocol === "ah" ? "ah" : "esp",
    spi,
    transform,
    connectionId,
  })),
};

describe("system messages", () => {
  it("10: a packet outside the window", () => {
    expect(logged(Date.parse("2003-11-17T19:27:32.279Z"), replayFailed(1))).toEqual([
      "*Nov 17 19:27:32.279: %CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed connection id=1",
    ]);
  });

  it("24: an SPI nobody knows, upper case and not padded", () => {
    const unknown = { target: "10.2.2.2", protocol: 51, spi: 0x1214f0d, source: "10.1.1.1" } as const;
    const [line] = logged(march(24, "20:55:45.739"), invalidSpi(unknown));
    expect(line).toBe(
      "*Mar 24 20:55:45.739: %CRYPTO-4-RECV_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for " +
        "destaddr=10.2.2.2, prot=51, spi=0x1214F0D(18960141), srcaddr=10.1.1.1",
    );
    expect(printed("logging").replace(/\s+/g, " ")).toContain(line?.slice(1));
  });

  it("43: a session goes down", () => {
    expect(logged(march(25, "15:47:45.395"), sessionStatus(false, "10.2.80.209", 500))).toEqual([
      "*Mar 25 15:47:45.395: %CRYPTO-5-SESSION_STATUS: Crypto tunnel is DOWN. Peer 10.2.80.209:500      Id: 10.2.80.209",
    ]);
    expect(sessionStatus(true, "10.2.80.209", 500).text).toContain("Crypto tunnel is UP  . Peer");
  });
});

describe("show logging", () => {
  it("26: the header as the guide prints it", () => {
    const header = logHeader({ dropped: 10, rateLimited: 13, monitored: 0, buffered: 43, trapLines: 72 }, 8000);
    const guide = printed("logging").replace("xml\ndisabled", "xml disabled").split("\n").slice(0, 8);
    expect(header).toEqual(guide);
  });

  it("24, 25, 26: the guide's whole output: the header, and the messages with their times", () => {
    const guide = `${printed("logging")}${printed("debug-ipsec")}`;
    const log = new Log();
    const times = [...guide.matchAll(/\*Mar 24 ([\d:.]+): /g)].map(([, clock]) => march(24, clock as string));
    const unknown = { target: "10.2.2.2", protocol: 51, spi: 0x1214f0d, source: "10.1.1.1" } as const;
    const messages = [invalidSpi(unknown), ...negotiationLines(NEGOTIATION, "as-printed")];
    expect(times).toHaveLength(messages.length);
    for (const [nth, message] of messages.entries()) log.write(times[nth] as number, message);
    Object.assign(log.counts, { dropped: 10, rateLimited: 13, buffered: 43, trapLines: 72 });
    const words = (text: string) => text.trim().split(/\s+/).join(" ");
    expect(words(log.show())).toBe(words(guide));
  });

  it("26: a ring of bytes; messages of one kind are rationed and counted", () => {
    const log = new Log({ bufferBytes: 4096 });
    for (let second = 0; second < 100; second++) {
      log.write(second * 1000, replayFailed(1));
      log.write(second * 1000 + 1, replayFailed(1));
      log.write(second * 1000 + 1, replayFailed(2));
    }
    expect(log.counts).toMatchObject({ buffered: 200, rateLimited: 100, trapLines: 200 });
    expect(log.lines.join("\n").length).toBeLessThan(4096);
    expect(log.lines.length).toBeGreaterThan(30);
    expect(log.lines.at(-1)).toContain("01:39.001: ");
    expect(log.show()).toContain("(0 messages dropped, 100 messages rate-limited, 0 flushes");
    expect(log.show()).toContain("\nLog Buffer (4096 bytes):\n*Jan  1 00:0");
  });

  it("12: the times are written as service timestamps says", () => {
    const forms = [guideConfig("router-a"), guideConfig("replay-map"), "no service timestamps log"];
    expect(forms.map((text) => timestampsOf(parseConfig(text).config))).toEqual(["datetime msec", "uptime", "none"]);
    const log = new Log({ timestamps: "uptime" });
    for (const seconds of [46, 86400 + 7200, 86400 * 17]) log.write(seconds * 1000, replayFailed(seconds));
    expect(log.lines.map((line) => line.split(": ")[0])).toEqual(["00:00:46", "1d02h", "2w3d"]);
  });
});

describe("debug crypto ipsec", () => {
  it("25: four SAs are made, line by line as in the guide", () => {
    const made = texts(negotiationLines(NEGOTIATION, "as-printed"));
    const guide = printed("debug-ipsec");
    expect(made.map((text) => text.replace(/\s+/g, " ").trim())).toEqual(unwrapped(guide));
    // The lines within a message, their indentation included.
    const lines = made.flatMap((text) => text.split("\n")).map((line) => line.trimEnd());
    expect(lines).toEqual(
      guide
        .trim()
        .split("\n")
        .map((line) =>
          line
            .replace(/^\*.*?\d: /, "")
            .replace(/^\(key/, "  (key")
            .trimEnd(),
        ),
    );
  });

  it("e15: sa_dest of an inbound SPI is the local address, unless the guide's lines are asked for", () => {
    const destinations = (form: "local" | "as-printed") =>
      texts(negotiationLines(NEGOTIATION, form))
        .filter((text) => text.includes("create_sa"))
        .map((text) => /sa_dest= (\S+),[\s\S]*spi= (0x\w+)/.exec(text)?.slice(1).join(" "));
    expect(destinations("local")).toEqual([
      "10.2.2.2 0xF9205CED",
      "10.1.1.1 0xEB95406F",
      "10.2.2.2 0xE7AB4256",
      "10.1.1.1 0xD763771F",
    ]);
    expect(destinations("as-printed")[0]).toBe("10.1.1.1 0xF9205CED");
  });
});

describe("debug crypto isakmp", () => {
  const peer = { address: "10.2.80.209", port: 500, connectionId: 2 };
  /** The guide's blanks and its two spellings made one; the end of an exchange that it does not show left out. */
  const guide = (name: string) =>
    unwrapped(printed(name))
      .map((text) => text.replace("IKE_MSG_FROM", "IKE_MESG_FROM").replace(/(HW:2\):) ?/, "$1 "))
      .filter((text) => !/node 1515050537/.test(text));

  it("42: the lines of an unanswered probe, four retries and the end", () => {
    expect(texts(detectionEnabled(peer))).toEqual(["ISAKMP:(0:1:HW:2): IKE_DPD is enabled, initializing timers"]);
    const memory = { structure: 0x81e5c4e8, nodes: [-1067612752, -114443536, 2116015069, -1981865558] };
    const nodes = [-90798077, -1592471565, 1758739401, 320258858, -744493014];
    const made = [
      ...nodes.flatMap((node, missed) => probeSent(peer, node, missed)),
      ...notResponding(peer, memory),
      sessionStatus(false, peer.address, peer.port),
      ...destroyed(peer, -2061951065),
      ...buried(peer, memory, "10.1.32.14", [0x3a7b69bf]),
    ];
    expect(texts(made).map((text) => text.replace(/\s+/g, " "))).toEqual(guide("debug-dpd"));
  });

  it("42: the lines of a probe that is answered", () => {
    expect(texts(probeSent(peer, 899852982, 0)).slice(1)).toEqual(guide("debug-dpd-probe"));
  });

  it("42: the lines of an answer", () => {
    expect(texts(acknowledged(peer, -443923643, 9, 0x81ba4dd4))).toEqual(guide("debug-dpd-ack"));
    expect(bare(texts(acknowledged(peer, -443923643, 9, 0x81ba4dd4)).join("\n"))).toContain(
      "ISAKMP:(0:1:HW:2): DPD/R_U_THERE_ACK received from peer 10.2.80.209, sequence 0x9",
    );
  });
});
