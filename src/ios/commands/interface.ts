// interface: the address, the crypto map on it, the tunnel it is, what overrides the global settings.
import { interfaceName } from "../interface-name.js";
import { type DfBit, type Fragmentation, type Interface, newInterface } from "../model.js";
import { type Commands, type Fields, findOrAdd, type Reading, removeWhere } from "../reading.js";

export const INTERFACES: Commands<"global"> = {
  "interface <type> [<unit:unit>]": (fields, reading) => {
    const name = interfaceName(fields.text("type"), fields.optional("unit"));
    const before = reading.configuredBefore(`interface ${name}`);
    if (before !== undefined) {
      reading.say("warning", `${name} is configured in line ${before} already: the two sections are read as one`);
    }
    const found = findOrAdd(
      reading.config.interfaces,
      (known) => known.name === name,
      () => newInterface(name),
    );
    reading.mode = { name: "interface", interface: found };
  },
  "no interface <type> [<unit:unit>]": (fields, { config }) =>
    removeWhere(config.interfaces, (i) => i.name === interfaceName(fields.text("type"), fields.optional("unit"))),
};

export const INTERFACE: Commands<"interface"> = {
  "description <text:line>": (fields, _, mode) => {
    mode.interface.description = fields.text("text");
  },
  "ip address <address:address> <mask:address>": (fields, reading, mode) => {
    const { address } = mode.interface;
    const given = { address: fields.text("address"), mask: fields.text("mask") };
    if (address !== undefined && address.address !== given.address) {
      reading.say("warning", `replaces ip address ${address.address} ${address.mask}`);
    }
    mode.interface.address = given;
  },
  "no ip address [<rest:line>]": (_, _reading, mode) => {
    mode.interface.address = undefined;
  },
  "ip mtu <bytes:68-65535>": (fields, _, mode) => {
    mode.interface.ipMtu = fields.number("bytes");
  },
  "no ip mtu [<rest:line>]": (_, _reading, mode) => {
    mode.interface.ipMtu = undefined;
  },
  shutdown: (_, _reading, mode) => {
    mode.interface.shutdown = true;
  },
  "no shutdown": (_, _reading, mode) => {
    mode.interface.shutdown = false;
  },
  "tunnel source <source>": (fields, _, mode) => {
    mode.interface.tunnel.source = fields.text("source");
  },
  "tunnel destination <destination>": (fields, _, mode) => {
    mode.interface.tunnel.destination = fields.text("destination");
  },
  "tunnel mode <mode:ipsec|gre> [<version:ipv4|ip>]": (fields, reading, mode) => {
    mode.interface.tunnel.mode = [fields.text("mode"), fields.optional("version")].filter(Boolean).join(" ");
    if (fields.text("mode") === "gre") reading.say("note", "GRE itself is the host's: the engine protects protocol 47");
  },
  "tunnel protection ipsec profile <profile>": (fields, _, mode) => {
    mode.interface.tunnel.profile = fields.text("profile");
  },
  "crypto map <name>": (fields, _, mode) => {
    mode.interface.cryptoMap = fields.text("name");
  },
  "no crypto map [<name>]": (_, _reading, mode) => {
    mode.interface.cryptoMap = undefined;
  },
  "crypto ipsec df-bit <dfBit:clear|set|copy>": (fields, _, mode) => {
    mode.interface.dfBit = fields.text("dfBit") as DfBit;
  },
  "no crypto ipsec df-bit [<rest:line>]": (_, _reading, mode) => {
    mode.interface.dfBit = undefined;
  },
  "crypto ipsec fragmentation <order:before-encryption|after-encryption>": (fields, _, mode) => {
    mode.interface.fragmentation = fields.text("order") as Fragmentation;
  },
  "no crypto ipsec fragmentation [<rest:line>]": (_, _reading, mode) => {
    mode.interface.fragmentation = undefined;
  },
  "crypto ipsec client ezvpn <name> [<side:inside|outside>]": (fields, reading, mode) =>
    attachEzvpn(fields, reading, mode.interface),
  "no crypto ipsec client ezvpn <name> [<rest:line>]": (fields, _, mode) =>
    removeWhere(mode.interface.ezvpn, (client) => client.name === fields.text("name")),
};

function attachEzvpn(fields: Fields, reading: Reading, attached: Interface): void {
  const name = fields.text("name");
  const side = fields.optional("side") === "inside" ? "inside" : "outside"; // IOS: outside is what is not said
  const opposite = attached.ezvpn.some((client) => client.name === name && client.side !== side);
  if (opposite) reading.say("warning", `${attached.name} is both inside and outside of ${name}`);
  if (!attached.ezvpn.some((client) => client.name === name && client.side === side))
    attached.ezvpn.push({ name, side });
}
