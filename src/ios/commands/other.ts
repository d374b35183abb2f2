// Commands that say nothing about IPsec. Those the guide's configurations have are known, so that a line that is not
// known can be told from them; they are kept, and written back.
import type { Place } from "../model.js";
import type { Commands, Fields, Reading } from "../reading.js";

export const HOST: Commands<"global"> = {
  "hostname <name>": (fields, { config }) => {
    config.hostname = fields.text("name");
  },
  "no hostname [<rest:line>]": (_, { config }) => {
    config.hostname = undefined;
  },
};

const LINES: Readonly<Record<Place, readonly string[]>> = {
  version: ["version <number>", "service <text:line>", "no service <text:line>"],
  system: [
    "boot-start-marker",
    "boot-end-marker",
    "logging <text:line>",
    "no logging <text:line>",
    "enable secret <level:0|4|5|8|9> <secret>",
    "enable password <password>",
    "aaa <text:line>",
    "no aaa new-model",
    "clock timezone <text:line>",
    "clock summer-time <text:line>",
    "ip subnet-zero",
    "ip domain lookup",
    "no ip domain lookup",
    "ip cef",
    "no ip cef",
    "ip audit notify log",
    "ip audit po max-events <number>",
    "mpls ldp logging neighbor-changes",
    "no ftp-server write-enable",
    "no voice hpi capture buffer",
    "no voice hpi capture destination",
    "mta receive maximum-recipients <number>",
    "cns event-service server",
    "no ip dhcp <text:line>",
    "username <text:line>",
  ],
  controller: ["controller <type> <unit:unit>"],
  routing: [
    "ip classless",
    "ip route <network:address> <mask:address> <via> [<unit:unit>] [<hop:address>] [<distance:1-255>]",
    "no ip http server",
    "no ip http secure-server",
    "ip http server",
    "ip http secure-server",
  ],
  services: [
    "dialer-list <number> protocol <protocol> permit",
    "call rsvp-sync",
    "mgcp profile default",
    "dial-peer <text:line>",
    "gatekeeper",
    "control-plane",
    "line <text:line>",
    "snmp-server <text:line>",
    "ntp <text:line>",
  ],
};

/** Lines of which the indented lines that follow are part. */
const OPENS_BLOCK = /^(controller|dial-peer|gatekeeper|control-plane|line)\b/;

export const OTHER: Commands<"global"> = Object.fromEntries(
  Object.entries(LINES).flatMap(([place, lines]) =>
    lines.map((syntax) => [syntax, (_: Fields, reading: Reading) => keep(reading, place as Place)]),
  ),
);

/** Keeps the line in hand to be written back. */
export function keep(reading: Reading, place: Place): void {
  const block = { place, line: reading.text, block: [] };
  reading.config.other.push(block);
  reading.mode = OPENS_BLOCK.test(reading.text) ? { name: "block", block } : { name: "global" };
}

/** What may stand in a block of another subject without being indented. */
const BLOCK_LINES = [
  "transport input <text:line>",
  "password <text:line>",
  "login [local]",
  "exec-timeout <minutes> [<seconds>]",
  "stopbits <number>",
  "privilege level <number>",
];

export const BLOCK: Commands<"block"> = Object.fromEntries(
  BLOCK_LINES.map((syntax) => [syntax, (_, reading, { block }) => void block.block.push(reading.text)]),
) satisfies Commands<"block">;

const INTERFACE_LINES = [
  "ip broadcast-address <address:address>",
  "ip directed-broadcast",
  "no ip directed-broadcast",
  "ip route-cache [cef]",
  "no ip route-cache [cef]",
  "no ip mroute-cache",
  "ip virtual-reassembly",
  "no mop enabled",
  "no fair-queue",
  "media-type <type>",
  "duplex <duplex:auto|half|full>",
  "half-duplex",
  "full-duplex",
  "speed <speed>",
  "no keepalive",
  "keepalive [<seconds>]",
  "serial restart_delay <seconds>",
  "serial restart-delay <seconds>",
  "clockrate <rate>",
  "clock rate <rate>",
  "negotiation auto",
];

export const INTERFACE_OTHER: Commands<"interface"> = Object.fromEntries(
  INTERFACE_LINES.map((syntax) => [
    syntax,
    (_: Fields, reading: Reading, mode: { readonly interface: { other: string[] } }) => {
      if (!mode.interface.other.includes(reading.text)) mode.interface.other.push(reading.text);
    },
  ]),
);
