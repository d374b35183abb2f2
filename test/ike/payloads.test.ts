// The payloads of src/ike: layouts byte by byte, round trips, every truncation, nothing thrown at what the network sends.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DEAD_PEER_DETECTION_VENDOR_ID,
  decideNat,
  encapsulationMode,
  type IkeSpis,
  NAT_VENDOR_IDS,
  type NatMethod,
  type Payload,
  readAreYouThere,
  readDelete,
  readEncapsulationAttribute,
  readEncapsulationMode,
  readIkeHeader,
  readInvalidSpi,
  readInvalidSpiMessage,
  readNatDetection,
  readNotify,
  readOriginalAddress,
  readOriginalAddresses,
  readOriginalSource,
  readPayloads,
  writeAreYouThere,
  writeDelete,
  writeDeleteIke,
  writeEncapsulationAttribute,
  writeInvalidSpi,
  writeInvalidSpiMessage,
  writeNatDetection,
  writeNotify,
  writeOriginalAddress,
  writePayloads,
} from "../../src/ike/index.js";

const SPIS: IkeSpis = { initiatorSpi: new Uint8Array(8).fill(0x11), responderSpi: new Uint8Array(8).fill(0x22) };
const RFC = NAT_VENDOR_IDS[0]?.method as NatMethod;
const DRAFT = NAT_VENDOR_IDS[5]?.method as NatMethod;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** Every proper beginning of `whole`. */
function beginnings(whole: Uint8Array): Uint8Array[] {
  return Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length));
}

describe("chains of payloads", () => {
  const chain = writePayloads([
    { type: 13, body: Uint8Array.of(1, 2, 3) },
    { type: 11, body: new Uint8Array(0) },
  ]);

  it("are as RFC 2408 section 3.2 draws them", () => {
    expect(chain.first).toBe(13);
    expect(hex(chain.bytes)).toBe("0b000007010203" + "00000004");
  });

  it("come back as they went, and padding behind them is ignored", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ type: fc.integer({ min: 1, max: 255 }), body: fc.uint8Array({ maxLength: 70 }) }), {
          maxLength: 12,
        }),
        fc.uint8Array({ maxLength: 15 }),
        (payloads: Payload[], padding) => {
          const { first, bytes } = writePayloads(payloads);
          expect(readPayloads({ first, bytes: Uint8Array.of(...bytes, ...padding) })).toEqual(payloads);
        },
      ),
    );
  });

  it("cut anywhere, overlong, too many: undefined", () => {
    for (const cut of beginnings(chain.bytes)) expect(readPayloads({ first: 13, bytes: cut })).toBeUndefined();
    expect(readPayloads({ first: 13, bytes: bytes("00 00 00 03") })).toBeUndefined();
    const many = writePayloads(Array.from({ length: 65 }, () => ({ type: 1, body: new Uint8Array(0) })));
    expect(readPayloads(many)).toBeUndefined();
    expect(readPayloads({ first: 0, bytes: bytes("") })).toEqual([]);
  });

  it("no bytes make a reader throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.integer({ min: 0, max: 255 }), (noise, first) => {
        readPayloads({ first, bytes: noise });
        readIkeHeader(noise);
        readInvalidSpiMessage(noise);
        readOriginalAddress(noise);
        readEncapsulationAttribute(noise);
        readNatDetection(2, [{ type: 41, body: noise }]);
        for (const version of [1, 2] as const) {
          readDelete(version, SPIS, noise);
          const notify = readNotify(version, noise);
          if (notify === undefined) continue;
          readInvalidSpi(version, notify);
          readAreYouThere(SPIS, notify);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("Delete", () => {
  it("IKEv1: DOI, protocol, SPI size, how many, SPIs; an IKE SA by its cookies", () => {
    const { type, body } = writeDelete(1, 51, [0x1214f0d, 0xb16d1587]);
    expect([type, hex(body)]).toEqual([12, "00000001" + "02" + "04" + "0002" + "01214f0d" + "b16d1587"]);
    expect(readDelete(1, SPIS, body)).toEqual({ protocol: 51, spis: [0x1214f0d, 0xb16d1587] });
    const ike = writeDeleteIke(1, SPIS);
    expect(hex(ike.body)).toBe(`00000000${"01"}${"10"}${"0001"}${"11".repeat(8)}${"22".repeat(8)}`);
    expect(readDelete(1, SPIS, ike.body)).toEqual({ protocol: "ike", spis: SPIS });
    expect(readDelete(1, { ...SPIS, responderSpi: new Uint8Array(8) }, ike.body)).toBeUndefined();
    for (const whole of [body, ike.body])
      for (const cut of beginnings(whole)) expect(readDelete(1, SPIS, cut)).toBeUndefined();
    expect(readDelete(1, SPIS, bytes("00000002 03 04 0001 01214f0d"))).toBeUndefined(); // another DOI
  });

  it("IKEv2: the IKE SA of the message by no SPI", () => {
    const { type, body } = writeDelete(2, 50, [0x1214f0d]);
    expect([type, hex(body)]).toEqual([42, "03" + "04" + "0001" + "01214f0d"]);
    expect(readDelete(2, SPIS, body)).toEqual({ protocol: 50, spis: [0x1214f0d] });
    const ike = writeDeleteIke(2, SPIS);
    expect(hex(ike.body)).toBe("01" + "00" + "0000");
    expect(readDelete(2, SPIS, ike.body)).toEqual({ protocol: "ike", spis: undefined });
    for (const wrong of ["03 08 0001 0000000001214f0d", "04 04 0001 01214f0d", "03 04 0002 01214f0d", "01 04 0000"])
      expect(readDelete(2, SPIS, bytes(wrong)), wrong).toBeUndefined();
  });
});

describe("notifications", () => {
  it("IKEv1: DOI, protocol, SPI size, type, SPI, data", () => {
    const { body } = writeInvalidSpi(1, { spi: 0x1214f0d, protocol: 51 });
    expect(hex(body)).toBe("00000001" + "02" + "04" + "000b" + "01214f0d");
    expect(readInvalidSpi(1, readNotify(1, body) as never)).toEqual({ spi: 0x1214f0d, protocol: 51 });
    for (const cut of beginnings(body)) expect(readNotify(1, cut)).toBeUndefined();
    expect(readNotify(1, bytes("00000002 03 04 000b 01214f0d"))).toBeUndefined(); // another DOI
  });

  it("IKEv2: the SPI is the data, the SPI field is empty", () => {
    const { body } = writeInvalidSpi(2, { spi: 0x1214f0d, protocol: 50 });
    expect(hex(body)).toBe("00" + "00" + "000b" + "01214f0d");
    expect(readInvalidSpi(2, readNotify(2, body) as never)).toEqual({ spi: 0x1214f0d });
    for (const cut of beginnings(body)) {
      const notify = readNotify(2, cut);
      expect(notify === undefined ? undefined : readInvalidSpi(2, notify)).toBeUndefined();
    }
  });

  it("the unprotected message of RFC 7296 section 1.5", () => {
    const message = writeInvalidSpiMessage(0xfedcba98);
    expect(message.subarray(0, 16)).toEqual(new Uint8Array(16));
    expect(message.subarray(16)).toEqual(bytes("29 20 25 08 00000000 00000028 0000000c 0000000b fedcba98"));
    expect(readInvalidSpiMessage(message)).toBe(0xfedcba98);
    for (const cut of beginnings(message)) expect(readInvalidSpiMessage(cut)).toBeUndefined();
    for (const [offset, value] of [
      [17, 0x10], // IKEv1
      [18, 34], // another exchange
      [16, 43], // another payload
    ] as const) {
      const changed = message.slice();
      changed[offset] = value;
      expect(readInvalidSpiMessage(changed)).toBeUndefined();
    }
  });

  it("R_U_THERE and its acknowledgement carry both cookies and the number", () => {
    for (const ack of [false, true]) {
      const { body, type } = writeAreYouThere(SPIS, { ack, sequence: 0xfedcba98 });
      expect(type).toBe(11);
      expect(hex(body)).toBe(
        `00000001${"01"}${"10"}${ack ? "8d29" : "8d28"}${"11".repeat(8)}${"22".repeat(8)}fedcba98`,
      );
      expect(readAreYouThere(SPIS, readNotify(1, body) as never)).toEqual({ ack, sequence: 0xfedcba98 });
      for (const cut of beginnings(body)) {
        const notify = readNotify(1, cut);
        expect(notify === undefined ? undefined : readAreYouThere(SPIS, notify)).toBeUndefined();
      }
      const others = { ...SPIS, responderSpi: new Uint8Array(8).fill(0x33) };
      expect(readAreYouThere(others, readNotify(1, body) as never)).toBeUndefined();
    }
    const bare = writeNotify(1, { protocol: 1, type: 36136, spi: bytes(""), data: bytes("00000009") });
    expect(readAreYouThere(SPIS, readNotify(1, bare.body) as never)).toEqual({ ack: false, sequence: 9 });
  });
});

describe("NAT traversal", () => {
  it("vendor IDs are the MD5 of their texts", () => {
    for (const { text, bytes: id } of NAT_VENDOR_IDS) {
      expect(hex(id)).toBe(createHash("md5").update(text).digest("hex"));
    }
    expect(hex(DEAD_PEER_DETECTION_VENDOR_ID)).toBe("afcad71368a1f1c96b8696fc7757" + "01" + "00");
  });

  it("NAT-D: the destination first; the payload type is the method's", () => {
    const detection = { target: new Uint8Array(20).fill(1), sources: [new Uint8Array(20).fill(2), new Uint8Array(20)] };
    for (const [method, type] of [
      [RFC, 20],
      [DRAFT, 130],
    ] as const) {
      const payloads = writeNatDetection(1, detection, method);
      expect(payloads.map((payload) => payload.type)).toEqual([type, type, type]);
      expect(payloads[0]?.body).toBe(detection.target);
      expect(readNatDetection(1, payloads, method)).toEqual(detection);
      expect(readNatDetection(1, payloads.slice(0, 1), method)).toBeUndefined();
    }
    const notifies = writeNatDetection(2, detection);
    expect(notifies.map(({ body }) => hex(body.subarray(0, 4)))).toEqual(["00004004", "00004004", "00004005"]);
    expect(readNatDetection(2, notifies)).toEqual(detection);
    expect(readNatDetection(2, notifies.slice(0, 2))).toBeUndefined();
  });

  it("NAT-OA: ID type, three zero bytes, address", () => {
    const v4 = writeOriginalAddress("192.0.2.7", RFC);
    expect([v4.type, hex(v4.body)]).toEqual([21, "01000000c0000207"]);
    const v6 = writeOriginalAddress("2001:db8::7", DRAFT);
    expect([v6.type, hex(v6.body)]).toEqual([131, "0500000020010db8000000000000000000000007"]);
    expect([readOriginalAddress(v4.body), readOriginalAddress(v6.body)]).toEqual(["192.0.2.7", "2001:db8::7"]);
    for (const cut of [...beginnings(v4.body), ...beginnings(v6.body)])
      expect(readOriginalAddress(cut)).toBeUndefined();
    const pair = [v4, writeOriginalAddress("198.51.100.1", RFC)];
    expect(readOriginalAddresses(pair, RFC)).toEqual({ initiator: "192.0.2.7", responder: "198.51.100.1" });
    expect(readOriginalAddresses(pair.slice(1), RFC)).toBeUndefined();
    expect(readOriginalAddresses([...pair, v4], RFC)).toBeUndefined();
    expect(readOriginalAddresses([v4, writeOriginalAddress("::1", RFC)], RFC)).toBeUndefined();
  });

  it("NAT-OA of the drafts up to 03: one, the sender's own", () => {
    const own = writeOriginalAddress("10.0.0.7", DRAFT);
    expect(readOriginalSource([{ type: 1, body: bytes("") }, own], DRAFT)).toBe("10.0.0.7");
    expect(readOriginalSource([own], RFC)).toBeUndefined(); // another payload type
    expect(readOriginalSource([own, own], DRAFT)).toBeUndefined();
    expect(readOriginalSource([], DRAFT)).toBeUndefined();
    for (const cut of beginnings(own.body)) expect(readOriginalSource([{ ...own, body: cut }], DRAFT)).toBeUndefined();
  });

  it("Encapsulation Mode: the attribute among others, and what its values mean", () => {
    expect(hex(writeEncapsulationAttribute(3))).toBe("80040003");
    const attributes = bytes("80010001 0002 0004 00000e10 80040003 80050002");
    expect(readEncapsulationAttribute(attributes)).toBe(3);
    expect(readEncapsulationAttribute(attributes.subarray(0, 12))).toBeUndefined();
    expect(readEncapsulationAttribute(bytes("0002 ffff 80040003"))).toBeUndefined();
    for (const method of [undefined, RFC, DRAFT])
      for (const mode of ["tunnel", "transport"] as const)
        expect(readEncapsulationMode(encapsulationMode(mode, method))?.mode).toBe(mode);
    expect(readEncapsulationMode(5)).toBeUndefined();
    expect(decideNat("ikev2", { local: false, remote: false }, 4500).outbound).toBeUndefined();
  });
});
