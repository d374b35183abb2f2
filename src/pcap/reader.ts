// Reading a capture piece by piece, so that one of many gigabytes needs no more memory than its longest record.

import { IpsecError } from "../errors.js";
import type { CapturedPacket, CaptureFormat } from "./captured-packet.js";
import { ClassicFormat, isClassic } from "./classic.js";
import { isPcapng, PcapngFormat } from "./pcapng.js";

export class CaptureReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;
  #format: CaptureFormat | undefined;

  /** Takes the next bytes of the file. They are kept as they are: do not write to them again. */
  push(given: Uint8Array): void {
    // A Buffer's slice() does not copy: what goes out of here behaves like the Uint8Array it says it is.
    const chunk = new Uint8Array(given.buffer, given.byteOffset, given.length);
    const rest = this.#bytes.length - this.#position;
    const joined = rest === 0 ? chunk : new Uint8Array(rest + chunk.length);
    if (rest > 0) {
      joined.set(this.#bytes.subarray(this.#position));
      joined.set(chunk, rest);
    }
    this.#bytes = joined;
    this.#position = 0;
  }

  /** The next packet, or undefined when more bytes are needed. Throws IpsecError "capture" on bytes that are none. */
  read(): CapturedPacket | undefined {
    if (this.#format === undefined && this.#bytes.length - this.#position >= 4) this.#format = detect(this.#bytes);
    while (this.#format !== undefined) {
      const record = this.#format.record(this.#bytes, this.#position);
      if (record === undefined) return undefined;
      this.#position += record.size;
      if (record.packet !== undefined) return record.packet;
    }
    return undefined;
  }

  /** Says that no more bytes will come. Throws IpsecError when the file ends inside a record. */
  end(): void {
    const rest = this.#bytes.length - this.#position;
    if (this.#format === undefined) {
      throw new IpsecError("capture", `not a capture: the file has ${rest === 0 ? "no" : rest} bytes`);
    }
    if (rest > 0) {
      throw new IpsecError("capture", `the capture ends inside a record, ${rest} bytes after its beginning`);
    }
  }
}

function detect(bytes: Uint8Array): CaptureFormat {
  if (isClassic(bytes)) return new ClassicFormat();
  if (isPcapng(bytes)) return new PcapngFormat();
  const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  throw new IpsecError("capture", `not a pcap or pcapng file: it begins with ${magic}`);
}

/** All packets of a capture that is in memory, in file order. Throws IpsecError where the capture is damaged. */
export function* readCapture(bytes: Uint8Array): Generator<CapturedPacket> {
  const reader = new CaptureReader();
  reader.push(bytes);
  for (let packet = reader.read(); packet !== undefined; packet = reader.read()) yield packet;
  reader.end();
}
