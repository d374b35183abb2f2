import fc from "fast-check";
import { expect, it } from "vitest";
import { parseConfig, showRunningConfig, writeConfig } from "../../src/ios/index.js";
import { config } from "./arbitrary.js";

// When it fails, fast-check prints the seed and the smallest configuration that does.
it("any configuration written is read as it was, nothing misunderstood", () => {
  fc.assert(
    fc.property(config, (given) => {
      const { config: read, diagnostics } = parseConfig(writeConfig(given));
      expect(read).toEqual(given);
      expect(parseConfig(showRunningConfig(given)).config).toEqual(given);
      const misread = diagnostics.filter(
        ({ reason, severity }) => severity === "error" || /not understood|misspelt|in one line/.test(reason),
      );
      expect(misread).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it("any text is read without an exception, and what it says is said", () => {
  const words = fc.constantFrom(
    "crypto",
    "map",
    "no",
    "ipsec",
    "isakmp",
    "set",
    "peer",
    "access-list",
    "101",
    "permit",
    "ip",
    "any",
    "host",
    "10.0.0.1",
    "interface",
    "!",
    "\n",
    "\n ",
    "keepalive",
    "end",
    "eq",
    "range",
    "tcp",
  );
  fc.assert(
    fc.property(fc.array(words, { maxLength: 40 }), (some) => {
      const { config: read } = parseConfig(some.join(" "));
      expect(parseConfig(writeConfig(read)).config.maps).toEqual(read.maps);
    }),
    { numRuns: 500 },
  );
});
