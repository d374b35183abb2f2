// An IKE message as a datagram of the port that ESP uses: behind four zero bytes (RFC 3948 section 2.2).
import { IpsecError } from "../errors.js";
import { NON_ESP_MARKER_LENGTH } from "../natt/framing.js";

/** Bytes of UDP payload over IPv4. */
const LARGEST_DATAGRAM = 65_507;

/** Throws `packet` for a message that no datagram takes. */
export function ikeDatagramLength(message: Uint8Array): number {
  const length = NON_ESP_MARKER_LENGTH + message.length;
  if (length <= LARGEST_DATAGRAM) return length;
  const most = LARGEST_DATAGRAM - NON_ESP_MARKER_LENGTH;
  throw new IpsecError("packet", `an IKE message of ${message.length} bytes: at most ${most} go into a datagram`);
}

/** `datagram` may hold old bytes. */
export function writeIkeDatagram(datagram: Uint8Array, message: Uint8Array): void {
  datagram.fill(0, 0, NON_ESP_MARKER_LENGTH).set(message, NON_ESP_MARKER_LENGTH);
}
