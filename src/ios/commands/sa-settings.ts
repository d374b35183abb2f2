// security-association settings: the same words globally (crypto ipsec ...), in a crypto map entry and in a profile
// (set ...). Where both speak, the map's or profile's word holds.
import type { SaSettings } from "../model.js";
import type { Fields, Reading } from "../reading.js";

type Command = (fields: Fields, reading: Reading, settings: SaSettings) => void;

/** IOS's window sizes, and this engine's own two above them. */
const WINDOW = "64|128|256|512|1024|2048|4096";

const COMMANDS: Readonly<Record<string, Command>> = {
  // The number is optional: 64 then. `window-size` and `disable` exclude each other; the later line holds.
  [`security-association replay window-size [<size:${WINDOW}>]`]: (fields, reading, settings) => {
    if (settings.replayWindow === 0) reading.say("warning", "replaces `replay disable`: the two exclude each other");
    settings.replayWindow = fields.optionalNumber("size") ?? 64;
  },
  "security-association replay disable": (_, reading, settings) => {
    if (settings.replayWindow) {
      reading.say("warning", `replaces \`replay window-size ${settings.replayWindow}\`: the two exclude each other`);
    }
    settings.replayWindow = 0;
    reading.say("note", "anti-replay is off: a captured packet may be sent again (RFC 4303 section 3.4.3)");
  },
  "security-association idle-time <seconds:60-86400>": (fields, _, settings) => {
    settings.idleSeconds = fields.number("seconds");
  },
  "security-association lifetime seconds <seconds:120-2592000>": (fields, _, settings) => {
    settings.lifetimeSeconds = fields.number("seconds");
  },
  "security-association lifetime kilobytes <kilobytes:2560-4294967295>": (fields, _, settings) => {
    settings.lifetimeKilobytes = fields.number("kilobytes");
  },
};

const FORGETTING: Readonly<Record<string, (settings: SaSettings) => void>> = {
  "security-association replay [<rest:line>]": (settings) => {
    settings.replayWindow = undefined;
  },
  "security-association idle-time [<rest:line>]": (settings) => {
    settings.idleSeconds = undefined;
  },
  "security-association lifetime seconds [<rest:line>]": (settings) => {
    settings.lifetimeSeconds = undefined;
  },
  "security-association lifetime kilobytes [<rest:line>]": (settings) => {
    settings.lifetimeKilobytes = undefined;
  },
};

/** The commands behind `prefix`, for the settings that `of` finds. */
export function saSettingsCommands<M>(
  prefix: "crypto ipsec" | "set",
  of: (reading: Reading, mode: M) => SaSettings,
): Readonly<Record<string, (fields: Fields, reading: Reading, mode: M) => void>> {
  const commands: Record<string, (fields: Fields, reading: Reading, mode: M) => void> = {};
  for (const [syntax, run] of Object.entries(COMMANDS)) {
    commands[`${prefix} ${syntax}`] = (fields, reading, mode) => run(fields, reading, of(reading, mode));
  }
  for (const [syntax, forget] of Object.entries(FORGETTING)) {
    commands[`no ${prefix} ${syntax}`] = (_, reading, mode) => forget(of(reading, mode));
  }
  return commands;
}
