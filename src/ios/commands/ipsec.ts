// crypto ipsec, globally: transform sets, profiles, the defaults of every SA.
import { type DfBit, type Fragmentation, newSaSettings } from "../model.js";
import { type Commands, findOrAdd, type Reading, removeWhere } from "../reading.js";
import { parseTransforms } from "../transforms.js";
import { saSettingsCommands } from "./sa-settings.js";

export const IPSEC: Commands<"global"> = {
  ...saSettingsCommands("crypto ipsec", (reading: Reading) => reading.config.ipsec),

  "crypto ipsec df-bit <dfBit:clear|set|copy>": (fields, { config }) => {
    config.ipsec.dfBit = fields.text("dfBit") as DfBit;
  },
  "no crypto ipsec df-bit [<rest:line>]": (_, { config }) => {
    config.ipsec.dfBit = undefined;
  },
  "crypto ipsec fragmentation <order:before-encryption|after-encryption>": (fields, { config }) => {
    config.ipsec.fragmentation = fields.text("order") as Fragmentation;
  },
  "no crypto ipsec fragmentation [<rest:line>]": (_, { config }) => {
    config.ipsec.fragmentation = undefined;
  },
  "crypto ipsec nat-transparency udp-encapsulation": (_, { config }) => {
    config.ipsec.udpEncapsulation = true;
  },
  "no crypto ipsec nat-transparency udp-encapsulation": (_, { config }) => {
    config.ipsec.udpEncapsulation = false;
  },

  "crypto ipsec transform-set <name> <transforms...>": (fields, reading) => {
    const { transforms, refusal, notes } = parseTransforms(fields.list("transforms"));
    if (refusal !== undefined) {
      reading.say("error", refusal);
      return;
    }
    const name = fields.text("name");
    const set = findOrAdd(
      reading.config.transformSets,
      (known) => known.name === name,
      () => ({ name, transforms, mode: "tunnel" as const }),
    );
    set.transforms = transforms;
    reading.mode = { name: "transform set", set };
    for (const note of notes) reading.say("note", note);
  },
  "no crypto ipsec transform-set <name> [<rest:line>]": (fields, { config }) =>
    removeWhere(config.transformSets, (set) => set.name === fields.text("name")),

  "crypto ipsec profile <name>": (fields, reading) => {
    const name = fields.text("name");
    const profile = findOrAdd(
      reading.config.profiles,
      (known) => known.name === name,
      () => ({ ...newSaSettings(), name, transformSets: [], pfs: undefined }),
    );
    reading.mode = { name: "profile", profile };
  },
  "no crypto ipsec profile <name>": (fields, { config }) =>
    removeWhere(config.profiles, (profile) => profile.name === fields.text("name")),
};

export const TRANSFORM_SET: Commands<"transform set"> = {
  "mode <mode:tunnel|transport>": (fields, _, { set }) => {
    set.mode = fields.text("mode") as "tunnel" | "transport";
  },
  "no mode [<rest:line>]": (_, _reading, { set }) => {
    set.mode = "tunnel";
  },
};

export const PROFILE: Commands<"profile"> = {
  "set transform-set <names...>": (fields, _, { profile }) => {
    profile.transformSets = fields.list("names");
  },
  "set pfs [<group>]": (fields, _, { profile }) => {
    profile.pfs = fields.optional("group") ?? "group1";
  },
  ...saSettingsCommands("set", (_, mode: { profile: import("../model.js").IpsecProfile }) => mode.profile),
};
