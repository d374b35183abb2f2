// Keys one SA of a room by itself, as the kernel's installation would, and runs one case through it.
import {
  ENC_CCM,
  HOT_INVERSE_PLANES,
  HOT_MAC_KEYS,
  HOT_MAC_SUBKEYS,
  HOT_PLANES,
  INT_CMAC,
  INT_MD5,
  INT_SHA1,
  INT_SHA256,
  INT_SHA384,
  INT_SHA512,
  INT_XCBC,
  REGIONS,
  SA_ENCRYPTION,
  SA_INNER_STATE,
  SA_OUTER_STATE,
  SA_ROUND_KEYS,
  SA_ROUNDS,
  SA_SALT,
} from "../../assembly/layout.js";
import type { Job, Outcome, Room } from "../kernel/room.js";

const KEY_AT = REGIONS + 0x8000;

export const HASH_IDS = { md5: INT_MD5, sha1: INT_SHA1, sha256: INT_SHA256, sha384: INT_SHA384, sha512: INT_SHA512 };
export const MAC_IDS = { cmac: INT_CMAC, xcbc: INT_XCBC };

interface Options {
  readonly icvLength?: number;
  readonly esn?: boolean;
}

function keyAes(room: Room, key: Uint8Array, salt: Uint8Array, options: Options): { record: number; hot: number } {
  const { entry } = room;
  const { record, hot } = room.makeSa(0, options);
  entry.bytes.set(key, KEY_AT);
  const rounds = entry.call("aesExpand", KEY_AT, key.length, record + SA_ROUND_KEYS);
  entry.bytes[record + SA_ROUNDS] = rounds;
  entry.bytes.set(salt, record + SA_SALT);
  entry.call("aesPlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_PLANES);
  return { record, hot };
}

/** For the room entries/aes.ts: CBC inbound, CTR. */
export function keyCipher(room: Room, key: Uint8Array, salt: Uint8Array = new Uint8Array(0)): void {
  const { record, hot } = keyAes(room, key, salt, {});
  const rounds = room.entry.bytes[record + SA_ROUNDS] as number;
  room.entry.call("aesInversePlanes", record + SA_ROUND_KEYS, rounds, hot + HOT_INVERSE_PLANES);
}

/** For the room entries/chain.ts: CBC outbound, and CCM with a salt of three bytes. */
export function keyChain(
  room: Room,
  key: Uint8Array,
  salt: Uint8Array = new Uint8Array(0),
  options: Options = {},
): void {
  const { record } = keyAes(room, key, salt, options);
  room.entry.bytes[record + SA_ENCRYPTION] = ENC_CCM;
}

/** For the room entries/gcm.ts: GCM and GMAC. */
export function keyGcm(room: Room, key: Uint8Array, salt: Uint8Array, options: Options): void {
  const { record } = keyAes(room, key, salt, options);
  room.entry.call("ghashKey", record);
}

/** For the room entries/chacha.ts. */
export function keyChacha(room: Room, key: Uint8Array, salt: Uint8Array, options: Options): void {
  const { record } = room.makeSa(0, options);
  room.entry.bytes.set(key, record + SA_ROUND_KEYS);
  room.entry.bytes.set(salt, record + SA_SALT);
}

/** The tag of a message that is no ESP packet: its first 32 bytes. */
export function hmac(room: Room, hash: keyof typeof HASH_IDS, key: Uint8Array, message: Uint8Array): Buffer {
  const { record } = room.makeSa(0);
  room.entry.bytes.set(key, KEY_AT);
  room.entry.call("hmacInstall", HASH_IDS[hash], KEY_AT, key.length, record + SA_INNER_STATE, record + SA_OUTER_STATE);
  const job = { sa: 0, text: message, bare: true };
  return Buffer.from(one(room, job, (list) => room.entry.call("hmacTags", HASH_IDS[hash], list, 1)).tag);
}

/** AES-CMAC or AES-XCBC-MAC of a message that is no ESP packet: 16 bytes. */
export function blockMac(room: Room, mac: keyof typeof MAC_IDS, key: Uint8Array, message: Uint8Array): Buffer {
  const { record, hot } = room.makeSa(0);
  const inner = record + SA_INNER_STATE;
  room.entry.bytes.set(key, inner);
  room.entry.call("macKeys", MAC_IDS[mac], inner, hot + HOT_MAC_KEYS, hot + HOT_MAC_SUBKEYS, hot + HOT_PLANES);
  const job = { sa: 0, text: message, bare: true };
  return Buffer.from(one(room, job, (list) => room.entry.call("cmacTags", list, 1)).tag.subarray(0, 16));
}

export function one(room: Room, job: Job, call: (list: number) => void): Outcome {
  return room.run([job], call)[0] as Outcome;
}
