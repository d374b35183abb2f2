// Where NAT-T traffic is expected over carrier ip: the UDP ports, and the addresses at which it arrives. A later
// fragment shows no port, so whatever UDP fragment comes to such an address is joined before it is judged.
import type { Sa } from "../sad/sa.js";
import type { IpFields } from "../wire/fields.js";
import { word32 } from "../wire/words.js";
import { NATT_PORT } from "./framing.js";

const ANY_ADDRESS = "any";

export class NattPorts {
  readonly #ports = new Map<number, number>();
  readonly #addresses = new Map<string, number>();

  has(port: number): boolean {
    return port === NATT_PORT || this.#ports.has(port);
  }

  /** Whether NAT-T traffic may be addressed to the target of `fields`. */
  isAddress({ version, target }: IpFields): boolean {
    if (this.#addresses.size === 0) return false;
    const own = version === 4 ? `${target[0]}` : target.join(" ");
    return this.#addresses.has(own) || this.#addresses.has(ANY_ADDRESS);
  }

  add(sa: Sa): void {
    this.#count(sa, 1);
  }

  delete(sa: Sa): void {
    this.#count(sa, -1);
  }

  #count(sa: Sa, step: 1 | -1): void {
    const { template, ports } = sa.resolved;
    bump(this.#ports, ports.target, step);
    bump(this.#addresses, template.target === undefined ? ANY_ADDRESS : textOf(template.target), step);
  }
}

function bump<K>(map: Map<K, number>, key: K, step: 1 | -1): void {
  const count = (map.get(key) ?? 0) + step;
  if (count === 0) map.delete(key);
  else map.set(key, count);
}

function textOf(address: Uint8Array): string {
  return Array.from({ length: address.length / 4 }, (_, word) => word32(address, 4 * word)).join(" ");
}
