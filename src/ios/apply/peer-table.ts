// The peers of a session: one for each list of addresses at a local address, those of dynamic maps for as long as they are
// there.
import type { DataPlane } from "../../data-plane.js";
import type { DeadPeerDetection, Peer } from "../../liveness/peer.js";
import type { Keepalive } from "../model.js";

export class PeerTable {
  readonly #plane: DataPlane;
  readonly #detection: DeadPeerDetection | undefined;
  readonly #peers = new Map<string, Peer>();

  constructor(plane: DataPlane, keepalive: Keepalive | undefined) {
    this.#plane = plane;
    this.#detection = keepalive && {
      mode: keepalive.mode,
      seconds: keepalive.seconds,
      ...(keepalive.retrySeconds === undefined ? {} : { retrySeconds: keepalive.retrySeconds }),
    };
  }

  /** Throws `limit` when there are too many. */
  obtain(localAddress: string, addresses: readonly string[], preferredIdleSeconds?: number): Peer {
    const key = `${localAddress} ${addresses.join(" ")}`;
    const known = this.#peers.get(key);
    if (known !== undefined) return known;
    const peer = this.#plane.addPeer({
      addresses,
      ...(this.#detection === undefined ? {} : { deadPeerDetection: this.#detection }),
      ...(preferredIdleSeconds === undefined ? {} : { preferredIdleSeconds }),
    });
    this.#peers.set(key, peer);
    return peer;
  }

  /** The one whose address it is. Who speaks from another address of its list is turned to, unless it has SAs. */
  at(localAddress: string, address: string): Peer | undefined {
    for (const [key, peer] of this.#peers) {
      if (!key.startsWith(`${localAddress} `) || !peer.addresses.includes(address)) continue;
      for (let turns = peer.addresses.length; turns > 0 && peer.address !== address; turns--) peer.failOver();
      if (peer.address === address) return peer;
    }
    return undefined;
  }

  /** Forgets those that `isNeeded` does not hold for. */
  keep(isNeeded: (peer: Peer) => boolean): void {
    for (const [key, peer] of this.#peers) {
      if (isNeeded(peer)) continue;
      peer.delete();
      this.#peers.delete(key);
    }
  }
}
