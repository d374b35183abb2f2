// Where a peer is reached. Interned: one object a remote, so that a changed NAT mapping is seen by comparing identities.
import { IpsecError } from "../errors.js";
import { formatAddress, parseAddress } from "../wire/address.js";

/** Where nobody said where the peer is: SAs in transport mode without `endpoints`. */
export const NO_ADDRESS = "0.0.0.0";

export interface Endpoint {
  /** IPv4 or IPv6 text. */
  readonly address: string;
  /** UDP port, 0 where there is none. */
  readonly port: number;
}

export interface PathConfig {
  readonly local?: Endpoint;
  readonly remote: Endpoint;
  /** Bytes of the largest outer IP packet that passes. */
  readonly mtu?: number;
  /** Bytes of the largest datagram that the transport takes (a WebTransport datagram, a DTLS record). */
  readonly maxDatagram?: number;
}

/** Made by `plane.path()` only; compare by identity. */
export interface Path {
  readonly local: Endpoint | undefined;
  readonly remote: Endpoint;
  readonly mtu: number | undefined;
  readonly maxDatagram: number | undefined;
}

export class PathTable {
  readonly #paths = new Map<string, Path>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The one object for this configuration. When the table is full the oldest is forgotten. */
  intern(config: PathConfig): Path {
    const key = keyOf(config);
    const known = this.#paths.get(key);
    if (known !== undefined) return known;
    const path: Path = Object.freeze({
      local: config.local === undefined ? undefined : endpoint(config.local, "path.local"),
      remote: endpoint(config.remote, "path.remote"),
      mtu: size(config.mtu, "path.mtu"),
      maxDatagram: size(config.maxDatagram, "path.maxDatagram"),
    });
    const spelled = this.#paths.get(keyOf(path));
    if (spelled !== undefined) return spelled;
    if (this.#paths.size >= this.#limit) {
      for (const oldest of this.#paths.keys()) {
        this.#paths.delete(oldest);
        break;
      }
    }
    this.#paths.set(keyOf(path), path);
    return path;
  }
}

/** Whether they lead to the same place: one may have been forgotten and made again. */
export function isSamePath(a: Path, b: Path): boolean {
  return keyOf(a) === keyOf(b);
}

function keyOf({ local, remote, mtu, maxDatagram }: PathConfig | Path): string {
  return `${local?.address} ${local?.port} ${remote.address} ${remote.port} ${mtu} ${maxDatagram}`;
}

function endpoint({ address, port }: Endpoint, what: string): Endpoint {
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new IpsecError("port", `${what}.port is ${port}: a whole number from 0 to 65535 is allowed`);
  }
  return Object.freeze({ address: formatAddress(parseAddress(address, `${what}.address`)), port });
}

function size(value: number | undefined, what: string): number | undefined {
  if (value === undefined || (Number.isInteger(value) && value >= 68 && value <= 65535)) return value;
  throw new IpsecError("mtu", `${what} is ${value}: a whole number from 68 to 65535 is allowed`);
}
