// Addresses as text, against ipaddr.js: what both read they read alike, and what is written is RFC 5952's.
import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, it } from "vitest";
import { formatAddress, readAddress } from "../../src/wire/address.js";

const ipv6 = fc.uint8Array({ minLength: 16, maxLength: 16 });
/** Many zeros, so that runs of them come in every length and place. */
const sparse = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
const fromGroups = (groups: number[]) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
/** Pieces of addresses in any order: most are no address. */
const scraps = fc
  .array(
    fc.constantFrom(
      ":",
      "::",
      ".",
      "0",
      "1",
      "255",
      "256",
      "01",
      "ffff",
      "FE80",
      "10000",
      "0x1",
      "g",
      " ",
      "-1",
      "+1",
      "1e1",
    ),
    {
      maxLength: 16,
    },
  )
  .map((parts) => parts.join(""));

/** ipaddr.js takes more: zones, octal and hexadecimal parts, and "::1.2.3.4" for "::ffff:1.2.3.4". */
function oracle(text: string): number[] | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.parse(text).toByteArray();
  return ipaddr.IPv6.isValid(text) ? ipaddr.parse(text).toByteArray() : undefined;
}

const read = (text: string) => {
  const bytes = readAddress(text);
  return bytes && [...bytes];
};

describe("addresses as text", () => {
  it("are written as ipaddr.js writes them, and read back", () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), ipv6, sparse.map(fromGroups)), (bytes) => {
        const text = formatAddress(bytes);
        expect(text).toBe(ipaddr.fromByteArray([...bytes]).toString());
        expect(read(text)).toEqual([...bytes]);
        expect(read(text.toUpperCase())).toEqual([...bytes]);
      }),
      { numRuns: 3000 },
    );
  });

  it("are read as ipaddr.js reads them, and what it refuses is refused", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), scraps), (text) => {
        const hasDecimalTail = text.includes(":") && text.includes(".");
        if (!hasDecimalTail) expect(read(text)).toEqual(oracle(text));
        else if (oracle(text) === undefined) expect(read(text)).toBeUndefined();
      }),
      { numRuns: 20_000 },
    );
  });

  it("may end in IPv4, RFC 4291 section 2.2", () => {
    expect(read("::ffff:192.0.2.1")).toEqual([...Array(10).fill(0), 255, 255, 192, 0, 2, 1]);
    expect(read("::192.0.2.1")).toEqual([...Array(12).fill(0), 192, 0, 2, 1]);
    expect(read("64:ff9b::192.0.2.33")).toEqual([0, 0x64, 0xff, 0x9b, ...Array(8).fill(0), 192, 0, 2, 33]);
    expect(read("1:2:3:4:5:6:192.0.2.1")).toEqual([0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 192, 0, 2, 1]);
    for (const wrong of ["::192.0.2.01", "::192.0.2", "192.0.2.1::", "::1.2.3.4:5", "1:2:3:4:5:6:7:192.0.2.1"])
      expect(read(wrong), wrong).toBeUndefined();
  });

  it("have no zone, no prefix, no blank, and are text", () => {
    for (const wrong of [
      "fe80::1%eth0",
      "10.0.0.0/8",
      " 10.0.0.1",
      "10.0.0.1 ",
      "",
      ":",
      ":::",
      "1:::2",
      "::1::",
      "10.1",
      "0x7f.0.0.1",
    ])
      expect(read(wrong), wrong).toBeUndefined();
    expect(readAddress(undefined as unknown as string)).toBeUndefined();
  });
});
