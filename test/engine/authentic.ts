// ESP packets that verify but say what no honest sender would: sealed by node:crypto, AES-GCM-16 with 128-bit keys.
import { createCipheriv } from "node:crypto";

export interface AuthenticEsp {
  /** 16 bytes of key, 4 of salt. */
  readonly key: Uint8Array;
  readonly spi: number;
  readonly sequence: number;
  /** Payload, padding, pad length, next header: as they are to be. */
  readonly text: Uint8Array;
}

export function authenticEsp({ key, spi, sequence, text }: AuthenticEsp): Uint8Array {
  const header = Buffer.alloc(16);
  header.writeUInt32BE(spi, 0);
  header.writeUInt32BE(sequence, 4);
  header.writeUInt32BE(sequence, 12);
  const nonce = Buffer.concat([key.subarray(16), header.subarray(8)]);
  const cipher = createCipheriv("aes-128-gcm", key.subarray(0, 16), nonce);
  cipher.setAAD(header.subarray(0, 8));
  return Uint8Array.from(Buffer.concat([header, cipher.update(text), cipher.final(), cipher.getAuthTag()]));
}
