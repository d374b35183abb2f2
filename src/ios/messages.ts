// The system messages of the guide, without their timestamps.
import { spiNumber } from "./show/spi.js";

/** 0 emergencies .. 7 debugging. */
export type Level = 4 | 5 | 6 | 7;

export interface Message {
  readonly level: Level;
  readonly text: string;
  /** Messages alike in this are rationed together. Absent: not rationed. */
  readonly ration?: string;
}

/** A packet of this connection fell outside the anti-replay window, or came twice. */
export function replayFailed(connectionId: number): Message {
  return {
    level: 4,
    text: `%CRYPTO-4-PKT_REPLAY_ERR: decrypt: replay check failed connection id=${connectionId}`,
    ration: `replay ${connectionId}`,
  };
}

export interface UnknownSpi {
  readonly target: string;
  /** 50 ESP, 51 AH: of a bundle, the outermost. */
  readonly protocol: 50 | 51;
  readonly spi: number;
  readonly source: string;
}

export function invalidSpi({ target, protocol, spi, source }: UnknownSpi): Message {
  return {
    level: 4,
    text:
      "%CRYPTO-4-RECV_PKT_INV_SPI: decaps: rec'd IPSEC packet has invalid spi for " +
      `destaddr=${target}, prot=${protocol}, spi=${spiNumber(spi)}, srcaddr=${source}`,
    ration: `invalid spi ${source}`,
  };
}

/** `identity`: what the peer called itself in IKE; with pre-shared keys its address. */
export function sessionStatus(up: boolean, peer: string, port: number, identity = peer): Message {
  return {
    level: 5,
    text: `%CRYPTO-5-SESSION_STATUS: Crypto tunnel is ${(up ? "UP" : "DOWN").padEnd(4)}. Peer ${peer}:${port}      Id: ${identity}`,
  };
}

/** No SAs could be agreed on. */
export function modeFailure(peer: string): Message {
  return {
    level: 6,
    text: `%CRYPTO-6-IKMP_MODE_FAILURE: Processing of Quick mode failed with peer at ${peer}`,
    ration: `mode failure ${peer}`,
  };
}

export function debug(text: string): Message {
  return { level: 7, text };
}
