// What the guide prints, as its text has it: pages broken, lines wrapped, indentation lost here and there.
import { readFileSync } from "node:fs";
import type { Ident, ShownSa } from "../../src/ios/index.js";
import { newCounters } from "../../src/ios/show/state.js";

export function printed(name: string): string {
  return readFileSync(new URL(`printed/${name}.txt`, import.meta.url), "utf8");
}

/** Lines without indentation; one line of the guide has a blank more than its others. */
export function bare(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim().replace("settings = {", "settings ={"));
}

/** Messages of a log whose lines were wrapped: without times, blanks made one. */
export function unwrapped(text: string): string[] {
  return text
    .replace(/\s+/g, " ")
    .split(/ ?\*[A-Z][a-z]{2} \d+ [\d:.]+: /)
    .filter((message) => message !== "")
    .map((message) => message.trim());
}

/** 1970 for a time of the guide's March; the year is ours. */
export function march(day: number, clock: string): number {
  return Date.parse(`2003-03-${day}T${clock}Z`);
}

const HOST = { mask: "255.255.255.255", protocol: 0, port: 0 };

interface Numbers {
  /** AH in, AH out, ESP in, ESP out. */
  readonly spis: readonly [number, number, number, number];
  readonly connection: number;
  readonly flow: number;
  /** Kilobytes and seconds left, in the order of `spis`. */
  readonly left: readonly (readonly [number, number])[];
}

function bundle({ spis, connection, flow, left }: Numbers): ShownSa[] {
  return spis.map((spi, at) => ({
    direction: at % 2 === 0 ? "in" : "out",
    protocol: at < 2 ? "ah" : "esp",
    spi,
    transform: at < 2 ? "ah-sha-hmac " : "esp-des esp-sha-hmac ",
    mode: "tunnel",
    udpEncapsulation: false,
    connectionId: connection + at,
    flowId: flow + (at % 2),
    map: "testtag1",
    remainingKilobytes: left[at]?.[0] ?? 0,
    remainingSeconds: left[at]?.[1] ?? 0,
    ivLength: at < 2 ? 0 : 8,
    replayDetection: true,
  }));
}

const TEN = { ...newCounters(), encaps: 10, encrypt: 10, digest: 10, decaps: 10, decrypt: 10, verify: 10 };

function ident(name: string, [local, remote]: string[], [inside, outside]: string[], numbers: Numbers): Ident {
  return {
    interface: name,
    map: "testtag1",
    origin: "map",
    localAddress: local as string,
    rule: {
      action: "permit",
      protocol: undefined,
      source: { address: inside as string, wildcard: "0.0.0.0" },
      sourcePort: undefined,
      target: { address: outside as string, wildcard: "0.0.0.0" },
      targetPort: undefined,
      icmpType: undefined,
      icmpCode: undefined,
      options: [],
    },
    local: { ...HOST, address: inside as string },
    remote: { ...HOST, address: outside as string },
    peer: remote as string,
    peerPort: 500,
    counters: TEN,
    pathMtu: 1500,
    mediaMtu: 1500,
    sas: bundle(numbers),
  };
}

/** The state of the guide's Router A after ten pings. */
export const ROUTER_A = ident("FastEthernet0/0", ["10.1.1.1", "10.2.2.2"], ["10.0.0.1", "10.0.2.2"], {
  spis: [0xb16d1587, 0x1214f0d, 0x249c5062, 0x7aa69cb7],
  connection: 5121,
  flow: 1,
  left: [
    [4537831, 3595],
    [4537835, 3594],
    [4537831, 3595],
    [4537835, 3595],
  ],
});

export const ROUTER_B = ident("FastEthernet1/0", ["10.2.2.2", "10.1.1.1"], ["10.0.2.2", "10.0.0.1"], {
  spis: [0x1214f0d, 0xb16d1587, 0x7aa69cb7, 0x249c5062],
  connection: 5121,
  flow: 1,
  left: [
    [4421281, 3593],
    [4421285, 3592],
    [4421281, 3593],
    [4421285, 3593],
  ],
});

/** Router B after its SAs were cleared and made again. */
export const ROUTER_B_AGAIN = ident("FastEthernet1/0", ["10.2.2.2", "10.1.1.1"], ["10.0.2.2", "10.0.0.1"], {
  spis: [0xf9205ced, 0xeb95406f, 0xe7ab4256, 0xd763771f],
  connection: 5125,
  flow: 3,
  left: [
    [4502463, 3596],
    [4502468, 3595],
    [4502463, 3596],
    [4502468, 3596],
  ],
});
