// crypto map and crypto dynamic-map: which traffic is protected how, and with whom.
import { type CryptoMap, type MapEntry, newMapEntry } from "../model.js";
import { type Commands, type Fields, findOrAdd, type Reading, removeWhere } from "../reading.js";
import { saSettingsCommands } from "./sa-settings.js";

export const CRYPTO_MAPS: Commands<"global"> = {
  "crypto map <name> local-address <interface>": (fields, { config }) => {
    mapNamed(config.maps, fields.text("name")).localAddress = fields.text("interface");
  },
  "no crypto map <name> local-address [<interface>]": (fields, { config }) => {
    mapNamed(config.maps, fields.text("name")).localAddress = undefined;
  },
  "crypto map <name> <sequence:1-65535> ipsec-manual": (_, reading) =>
    reading.say("error", "ipsec-manual is refused: keys in a configuration are not supported, hand SAs to the plane"),
  "crypto map <name> <sequence:1-65535> ipsec-isakmp dynamic <dynamic>": (fields, reading) => {
    const { entry } = enterEntry(reading, reading.config.maps, fields);
    entry.dynamic = fields.text("dynamic");
  },
  "crypto map <name> <sequence:1-65535> [ipsec-isakmp]": (fields, reading) => {
    enterEntry(reading, reading.config.maps, fields);
  },
  "no crypto map <name> <sequence:1-65535>": (fields, { config }) =>
    removeWhere(mapNamed(config.maps, fields.text("name")).entries, (e) => e.sequence === fields.number("sequence")),
  "no crypto map <name>": (fields, { config }) => removeWhere(config.maps, (map) => map.name === fields.text("name")),

  "crypto dynamic-map <name> <sequence:1-65535>": (fields, reading) => {
    enterEntry(reading, reading.config.dynamicMaps, fields);
  },
  "no crypto dynamic-map <name> [<sequence:1-65535>]": (fields, { config }) => {
    const sequence = fields.optionalNumber("sequence");
    if (sequence === undefined) removeWhere(config.dynamicMaps, (map) => map.name === fields.text("name"));
    else removeWhere(mapNamed(config.dynamicMaps, fields.text("name")).entries, (e) => e.sequence === sequence);
  },
};

function mapNamed(maps: CryptoMap[], name: string): CryptoMap {
  return findOrAdd(
    maps,
    (map) => map.name === name,
    () => ({ name, localAddress: undefined, entries: [] }),
  );
}

function enterEntry(reading: Reading, maps: CryptoMap[], fields: Fields): { entry: MapEntry } {
  const map = mapNamed(maps, fields.text("name"));
  const sequence = fields.number("sequence");
  const entry = findOrAdd(
    map.entries,
    (known) => known.sequence === sequence,
    () => newMapEntry(sequence),
  );
  map.entries.sort((a, b) => a.sequence - b.sequence);
  reading.mode = { name: "map entry", map, entry };
  return { entry };
}

export const MAP_ENTRY: Commands<"map entry"> = {
  "description <text:line>": (fields, _, { entry }) => {
    entry.description = fields.text("text");
  },
  // Repeated: the list that a dead peer moves along.
  "set peer <host> [<dynamic:dynamic>] [<default:default>]": (fields, _, { entry }) => {
    const host = fields.text("host");
    removeWhere(entry.peers, (peer) => peer.host === host);
    entry.peers.push({
      host,
      dynamic: fields.optional("dynamic") !== undefined,
      default: fields.optional("default") !== undefined,
    });
  },
  "no set peer <host>": (fields, _, { entry }) => removeWhere(entry.peers, (peer) => peer.host === fields.text("host")),
  // Repeated or several at once: alternatives, in order.
  "set transform-set <names...>": (fields, _, { entry }) => {
    for (const name of fields.list("names")) if (!entry.transformSets.includes(name)) entry.transformSets.push(name);
  },
  "no set transform-set [<names:line>]": (_, _reading, { entry }) => {
    entry.transformSets = [];
  },
  "set pfs [<group:group1|group2|group5|group14|group15|group16|group19|group20|group24>]": (fields, _, { entry }) => {
    entry.pfs = fields.optional("group") ?? "group1";
  },
  "set security-association level per-host": (_, reading) =>
    reading.say("warning", "an SA a pair of hosts cannot be had: one an access rule is made"),
  ...saSettingsCommands("set", (_, mode: { entry: MapEntry }) => mode.entry),
  "match address <list>": (fields, _, { entry }) => {
    entry.accessList = fields.text("list");
  },
  "no match address [<list>]": (_, _reading, { entry }) => {
    entry.accessList = undefined;
  },
};
