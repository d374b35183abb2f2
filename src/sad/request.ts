// The install request of the kernel (assembly/sad.ts): the head of an SA's record as it is to be, then its keys.
import {
  DF_CLEAR,
  DF_COPY,
  DF_SET,
  DSCP_COPY,
  FLAG_COMPRESSION,
  FLAG_ESN,
  FLAG_INSIDE_AH,
  FLAG_ORIGINAL,
  FLAG_REBUILD,
  FLAG_RECOMPUTE,
  FLAG_SELECTORS,
  INT_GMAC,
  INT_NONE,
  PROTOCOL_AH,
  PROTOCOL_ESP,
  REQUEST,
  REQUEST_ENCRYPTION_KEY,
  REQUEST_INTEGRITY_KEY,
  REQUEST_KEYS,
  REQUEST_SEQUENCE,
  SA_ALIGNMENT,
  SA_DF,
  SA_DIRECTION,
  SA_DSCP,
  SA_ENCRYPTION,
  SA_FLAGS,
  SA_GENERATION,
  SA_ICV_LENGTH,
  SA_INTEGRITY,
  SA_IV_LENGTH,
  SA_LIVE,
  SA_MODE,
  SA_ORIGINAL,
  SA_OUTER,
  SA_PROTOCOL,
  SA_SALT,
  SA_SALT_LENGTH,
  SA_SPI,
  SA_STATE,
  SA_TEMPLATE,
  SA_TEMPLATE_LENGTH,
  SA_UDP,
  SA_WINDOW,
  SA_WINDOW_BITS,
  SA_WINDOW_MASK,
} from "../../assembly/layout.js";
import type { KernelMemory } from "../wasm/memory.js";
import { setWord16 } from "../wire/words.js";
import type { ResolvedSa } from "./resolve.js";

/** Words of the ring that lies in the record itself. */
export const INLINE_WINDOW_WORDS = 2;
const DF = { copy: DF_COPY, set: DF_SET, clear: DF_CLEAR } as const;

/** Writes it for an SA of `generation`; `window`: address of its ring, 0 for one that fits into the record. */
export function writeRequest(memory: KernelMemory, resolved: ResolvedSa, generation: number, window: number): void {
  const { bytes, words, longs } = memory;
  const { config, encryption, integrity, template } = resolved;
  const put = (offset: number, value: number) => {
    bytes[REQUEST + offset] = value;
  };
  put(SA_STATE, SA_LIVE);
  put(SA_DIRECTION, config.direction === "in" ? 1 : 0);
  put(SA_MODE, config.mode === "transport" ? 1 : 0);
  put(
    SA_FLAGS,
    (resolved.esn ? FLAG_ESN : 0) |
      (template.rebuild ? FLAG_REBUILD : 0) |
      (resolved.selectors === undefined ? 0 : FLAG_SELECTORS) |
      (config.compression === undefined ? 0 : FLAG_COMPRESSION) |
      (resolved.insideAh ? FLAG_INSIDE_AH : 0) |
      (resolved.original === undefined ? 0 : resolved.original === "unknown" ? FLAG_RECOMPUTE : FLAG_ORIGINAL),
  );
  put(SA_PROTOCOL, config.protocol === "ah" ? PROTOCOL_AH : PROTOCOL_ESP);
  put(SA_ENCRYPTION, encryption.id);
  put(SA_INTEGRITY, integrity?.id ?? INT_NONE);
  put(SA_IV_LENGTH, encryption.ivLength);
  put(SA_ICV_LENGTH, resolved.icvLength);
  put(SA_ALIGNMENT, encryption.alignment);
  put(SA_SALT_LENGTH, encryption.saltLength);
  put(SA_OUTER, template.outer);
  put(SA_TEMPLATE_LENGTH, template.bytes.length);
  put(SA_UDP, template.udpOffset);
  put(SA_DF, DF[config.dfBit ?? "copy"]);
  put(SA_DSCP, config.dscp === undefined || config.dscp === "copy" ? DSCP_COPY : config.dscp);
  bytes.set(template.bytes, REQUEST + SA_TEMPLATE);
  setWord16(bytes, REQUEST + SA_ORIGINAL, typeof resolved.original === "number" ? resolved.original : 0);
  words[(REQUEST + SA_GENERATION) >> 2] = generation;
  words[(REQUEST + SA_SPI) >> 2] = config.spi;
  words[(REQUEST + SA_WINDOW_BITS) >> 2] = config.direction === "in" ? resolved.replayWindow : 0;
  words[(REQUEST + SA_WINDOW_MASK) >> 2] = Math.max(INLINE_WINDOW_WORDS, ringWords(resolved.replayWindow)) - 1;
  words[(REQUEST + SA_WINDOW) >> 2] = window;
  longs[REQUEST_SEQUENCE >> 3] = resolved.initialSequence;

  const key = (integrity?.id === INT_GMAC ? config.integrityKey : config.encryptionKey) ?? new Uint8Array(0);
  const keyLength = key.length - encryption.saltLength;
  words[REQUEST_KEYS >> 2] = keyLength;
  words[(REQUEST_KEYS >> 2) + 1] = config.integrityKey?.length ?? 0;
  bytes.set(key.subarray(0, keyLength), REQUEST_ENCRYPTION_KEY);
  bytes.set(key.subarray(keyLength), REQUEST + SA_SALT);
  if (integrity?.id !== INT_GMAC && config.integrityKey !== undefined)
    bytes.set(config.integrityKey, REQUEST_INTEGRITY_KEY);
}

/** Words of the ring for a window: a power of two, a bit a number (assembly/replay.ts). */
export function ringWords(window: number): number {
  return window === 0 ? 0 : 2 ** Math.ceil(Math.log2(window / 64));
}
