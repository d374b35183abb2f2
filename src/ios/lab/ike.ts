// What stands in for IKE in the lab. Keys are drawn at random and given to both ends; everything else passes as it would
// between two IKEs: who may be spoken to, proposals and which of them is taken, and the payloads of INFORMATIONAL messages,
// built and read by the driver.
import { IpsecError } from "../../errors.js";
import { writeDeleteIke } from "../../ike/delete.js";
import type { IkeSa } from "../../ike/ike-sa.js";
import { type PayloadChain, writePayloads } from "../../ike/payload.js";
import { sameBytes } from "../../ike/same-bytes.js";
import type { Peer } from "../../liveness/peer.js";
import type { Sa } from "../../sad/sa.js";
import type { Policy } from "../../spd/policy.js";
import type { Keying, LiveIdent } from "../apply/live-ident.js";
import type { SaKeys } from "../apply/sa-config.js";
import type { IosSession } from "../apply/session.js";
import type { IosIke } from "../apply/session-options.js";
import type { IsakmpSa } from "../show/state.js";
import { suitesOf } from "../transforms.js";

/** How long a deleted IKE SA is still shown. */
const DELETED_MILLISECONDS = 60_000;

/** What joins the routers. */
export interface LabNetwork {
  /** The IKE that can be reached at an address. */
  at(address: string): LabIke | undefined;
  /** Does something once all that is being done is done. */
  later(work: (now: number) => void): void;
  random(bytes: Uint8Array<ArrayBuffer>): unknown;
}

interface LabIkeSa extends IsakmpSa {
  readonly ike: IkeSa;
  readonly deletedAt: number;
}

export class LabIke implements IosIke {
  /** Set once the session is there. */
  session!: IosSession;
  /** False: nothing it says arrives, and nothing is heard. */
  reachable = true;
  readonly #network: LabNetwork;
  #sas: LabIkeSa[] = [];
  #nextConnection = 1;

  constructor(network: LabNetwork) {
    this.#network = network;
  }

  get sas(): readonly IsakmpSa[] {
    return this.#sas;
  }

  /** Deleted SAs are forgotten in time. */
  tick(now: number): void {
    this.#sas = this.#sas.filter(({ deletedAt }) => now - deletedAt < DELETED_MILLISECONDS || deletedAt === Infinity);
  }

  find(address: string): IkeSa | undefined {
    return this.#sas.find(({ target, deleted }) => target === address && !deleted)?.ike;
  }

  inform(_: number, sa: IkeSa, payloads: PayloadChain): void {
    const found = this.#sas.find(({ ike }) => ike === sa);
    if (found !== undefined && this.reachable) this.#network.later((now) => this.#deliver(now, found, payloads));
  }

  #deliver(now: number, { source, target, ike }: LabIkeSa, payloads: PayloadChain): void {
    const far = this.#network.at(target);
    const there = far?.find(source);
    if (far === undefined || there === undefined || !sameBytes(there.initiatorSpi, ike.initiatorSpi)) return;
    const peer = far.session.peerAt(target, source);
    if (peer !== undefined) far.session.informed(now, peer, there, payloads);
  }

  establish(_: number, peer: Peer): void {
    this.#network.later((now) => {
      const local = this.session.idents.find((ident) => ident.peer === peer)?.planned.localAddress;
      if (local !== undefined) this.#connect(now, local, peer);
    });
  }

  release(now: number, sa: IkeSa, reason: "dead" | "idle" | "deleted" | "cleared"): void {
    if (reason !== "deleted") this.inform(now, sa, writePayloads([writeDeleteIke(sa.version, sa)]));
    this.#sas = this.#sas.map((one) =>
      one.ike === sa && !one.deleted ? { ...one, state: "MM_NO_STATE", deleted: true, deletedAt: now } : one,
    );
  }

  acquire(_: number, policy: Policy): void {
    this.#network.later((now) => {
      const ident = this.session.identOf(policy);
      if (ident !== undefined) this.#negotiate(now, ident);
    });
  }

  rekey(_: number, sa: Sa): void {
    this.#network.later((now) => {
      const ident = this.session.identOf(sa);
      if (ident?.isNewest(sa)) this.#negotiate(now, ident);
    });
  }

  send(_: number, address: string, message: Uint8Array): void {
    const [local] = this.session.config.interfaces.flatMap((found) => found.address?.address ?? []);
    this.#network.later((now) => {
      const far = this.reachable ? this.#network.at(address) : undefined;
      const peer = local === undefined ? undefined : far?.session.peerAt(address, local);
      if (peer !== undefined) far?.session.driver?.hinted(now, peer, message);
    });
  }

  /** An IKE SA between the two, where each end has the other for a peer. */
  #connect(now: number, local: string, peer: Peer): LabIke | undefined {
    const far = this.reachable ? this.#network.at(peer.address) : undefined;
    const there = far?.session.peerAt(peer.address, local);
    if (far === undefined || there === undefined) return undefined;
    if (this.find(peer.address) !== undefined && far.find(local) !== undefined) return far;
    const ike: IkeSa = { version: 1, initiatorSpi: this.#bytes(8), responderSpi: this.#bytes(8) };
    this.#add(now, { source: local, target: peer.address }, ike);
    far.#add(now, { source: peer.address, target: local }, { ...ike });
    this.session.established(now, peer);
    far.session.established(now, there);
    return far;
  }

  #add(now: number, ends: { source: string; target: string }, ike: IkeSa): void {
    const lost = this.find(ends.target);
    if (lost !== undefined) this.release(now, lost, "deleted");
    const connectionId = this.#nextConnection++;
    this.#sas.push({ ...ends, ike, state: "QM_IDLE", connectionId, deleted: false, deletedAt: Infinity });
  }

  /** New SAs for an identity, both ways: the first of its transform sets that the other end has too. */
  #negotiate(now: number, ident: LiveIdent): void {
    const { planned, peer } = ident;
    const far = this.#connect(now, planned.localAddress, peer);
    const there = far?.session.peerAt(peer.address, planned.localAddress);
    if (far === undefined || there === undefined) {
      const gone = this.find(peer.address);
      if (gone !== undefined) this.release(now, gone, "dead");
      this.session.failed(now, ident, "no answer");
      return;
    }
    const { rule, transformSets } = planned;
    const answer = far.session.answer(now, peer.address, there, { rule, transformSets });
    if ("refusal" in answer) {
      this.session.failed(now, ident, "refused");
      return;
    }
    const { transformSet } = answer;
    const keys = () => suitesOf(transformSet.transforms).map((suite) => this.#keys(suite));
    const [toward, back] = [keys(), keys()];
    const isThere = installed(far.session, now, answer.ident, { inbound: toward, outbound: back, transformSet });
    if (isThere && installed(this.session, now, ident, { inbound: back, outbound: toward, transformSet })) return;
    if (isThere) far.session.clear(now, (one) => one === answer.ident, false);
    this.session.failed(now, ident, "refused");
  }

  #keys(suite: { encryptionKeyLength: number; integrityKeyLength: number }): SaKeys {
    return {
      spi: 256 + (new DataView(this.#bytes(4).buffer).getUint32(0) % (2 ** 32 - 256)),
      encryptionKey: this.#bytes(suite.encryptionKeyLength),
      integrityKey: this.#bytes(suite.integrityKeyLength),
    };
  }

  #bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    if (length > 0) this.#network.random(bytes);
    return bytes;
  }
}

/** False: a table is full. */
function installed(session: IosSession, now: number, ident: LiveIdent, keying: Keying): boolean {
  try {
    session.install(now, ident, keying);
    return true;
  } catch (error) {
    if (error instanceof IpsecError && error.code === "limit") return false;
    throw error;
  }
}
