// One packet of a capture, whatever the format of the file.

export interface CapturedPacket {
  /** What the bytes begin with: a LINKTYPE_ number of the tcpdump registry. See link-type.ts. */
  linkType: number;
  /** Nanoseconds since 1970. 0 where the format keeps no time. */
  timestamp: bigint;
  /** The bytes kept, a view on what was read. */
  data: Uint8Array;
  /** How long the packet was on the wire; more than `data.length` where the capture kept only the beginning. */
  originalLength: number;
  /** What somebody wrote about it (pcapng only). */
  comment?: string;
}

/** A format reads the record at `position`, or answers undefined when its bytes are not all there yet. */
export interface CaptureFormat {
  record(bytes: Uint8Array, position: number): { size: number; packet?: CapturedPacket } | undefined;
}

/** Longer records than this are damage: the largest that libpcap itself writes is 256 KiB. */
export const LARGEST_RECORD = 16 * 1024 * 1024;
