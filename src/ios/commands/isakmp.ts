// crypto isakmp: policies, keys, keepalives, invalid SPI recovery.
import { type Commands, type Fields, findOrAdd, type Reading, removeWhere } from "../reading.js";

export const ISAKMP: Commands<"global"> = {
  "crypto isakmp policy <priority:1-10000>": (fields, reading) => {
    const priority = fields.number("priority");
    const policy = findOrAdd(
      reading.config.isakmp.policies,
      (known) => known.priority === priority,
      () => ({
        priority,
        encryption: undefined,
        hash: undefined,
        authentication: undefined,
        group: undefined,
        lifetimeSeconds: undefined,
      }),
    );
    reading.mode = { name: "isakmp policy", policy };
  },
  "no crypto isakmp policy <priority:1-10000>": (fields, { config }) =>
    removeWhere(config.isakmp.policies, (policy) => policy.priority === fields.number("priority")),

  "crypto isakmp key <type:0|6> <key> address <address:address> [<mask:address>] [<noXauth:no-xauth>]": addKey,
  "crypto isakmp key <key> address <address:address> [<mask:address>] [<noXauth:no-xauth>]": addKey,
  "crypto isakmp key <type:0|6> <key> hostname <hostname> [<noXauth:no-xauth>]": addKey,
  "crypto isakmp key <key> hostname <hostname> [<noXauth:no-xauth>]": addKey,
  "no crypto isakmp key <key> address <address:address>": (fields, { config }) =>
    removeWhere(config.isakmp.keys, (key) => key.address === fields.text("address")),
  "no crypto isakmp key <key> hostname <hostname>": (fields, { config }) =>
    removeWhere(config.isakmp.keys, (key) => key.hostname === fields.text("hostname")),

  // The second number is an interval, not a count, whatever the guide's syntax line calls it.
  "crypto isakmp keepalive <seconds:10-3600> [<retrySeconds:2-60>] [<mode:periodic|on-demand>]": (fields, reading) => {
    reading.config.isakmp.keepalive = {
      seconds: fields.number("seconds"),
      retrySeconds: fields.optionalNumber("retrySeconds"),
      mode: fields.optional("mode") === "periodic" ? "periodic" : "on-demand",
    };
  },
  "no crypto isakmp keepalive [<rest:line>]": (_, { config }) => {
    config.isakmp.keepalive = undefined;
  },

  "crypto isakmp nat keepalive <seconds:5-3600>": (fields, reading) => {
    reading.config.isakmp.natKeepaliveSeconds = fields.number("seconds");
    // The guide says 20 seconds, which is the keepalive's default in RFC 3948, not what a NAT must hold.
    if (fields.number("seconds") > 120)
      reading.say(
        "note",
        "a NAT may forget a mapping after two minutes (RFC 4787 REQ-5): such a keepalive may come too late",
      );
  },
  "no crypto isakmp nat keepalive [<rest:line>]": (_, { config }) => {
    config.isakmp.natKeepaliveSeconds = undefined;
  },

  "crypto isakmp invalid-spi-recovery": (_, { config }) => {
    config.isakmp.invalidSpiRecovery = true;
  },
  "no crypto isakmp invalid-spi-recovery": (_, { config }) => {
    config.isakmp.invalidSpiRecovery = false;
  },
};

function addKey(fields: Fields, { config }: Reading): void {
  config.isakmp.keys.push({
    type: fields.optional("type"),
    key: fields.text("key"),
    address: fields.optional("address"),
    mask: fields.optional("mask"),
    hostname: fields.optional("hostname"),
    noXauth: fields.optional("noXauth") !== undefined,
  });
}

export const ISAKMP_POLICY: Commands<"isakmp policy"> = {
  "encryption aes <bits:128|192|256>": (fields, _, { policy }) => {
    policy.encryption = `aes ${fields.text("bits")}`;
  },
  "encryption <cipher:des|3des|aes>": (fields, _, { policy }) => {
    policy.encryption = fields.text("cipher");
  },
  "hash <hash:sha|md5|sha256|sha384|sha512>": (fields, _, { policy }) => {
    policy.hash = fields.text("hash");
  },
  "authentication <method:pre-share|rsa-sig|rsa-encr|ecdsa-sig>": (fields, _, { policy }) => {
    policy.authentication = fields.text("method");
  },
  "group <group:1|2|5|14|15|16|19|20|21|24>": (fields, _, { policy }) => {
    policy.group = fields.number("group");
  },
  "lifetime <seconds:60-86400>": (fields, _, { policy }) => {
    policy.lifetimeSeconds = fields.number("seconds");
  },
};
