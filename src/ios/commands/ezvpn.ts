// crypto ipsec client ezvpn: an Easy VPN remote.
import { type Commands, findOrAdd, removeWhere } from "../reading.js";

export const EZVPN: Commands<"global"> = {
  "crypto ipsec client ezvpn <name>": (fields, reading) => {
    const name = fields.text("name");
    const client = findOrAdd(
      reading.config.ezvpn,
      (known) => known.name === name,
      () => ({ name, connect: "auto" as const, group: undefined, key: undefined, mode: undefined, peers: [] }),
    );
    reading.mode = { name: "ezvpn", client };
  },
  "no crypto ipsec client ezvpn <name>": (fields, { config }) =>
    removeWhere(config.ezvpn, (client) => client.name === fields.text("name")),
};

export const EZVPN_CLIENT: Commands<"ezvpn"> = {
  "connect <connect:auto|manual>": (fields, _, { client }) => {
    client.connect = fields.text("connect") as "auto" | "manual";
  },
  "group <group> key <key>": (fields, _, { client }) => {
    client.group = fields.text("group");
    client.key = fields.text("key");
  },
  "mode <mode:client|network-extension>": (fields, _, { client }) => {
    client.mode = fields.text("mode") as "client" | "network-extension";
  },
  "peer <host>": (fields, _, { client }) => {
    if (!client.peers.includes(fields.text("host"))) client.peers.push(fields.text("host"));
  },
  "no peer <host>": (fields, _, { client }) => removeWhere(client.peers, (peer) => peer === fields.text("host")),
};
