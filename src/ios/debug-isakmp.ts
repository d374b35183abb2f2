// debug crypto isakmp: what is printed while a peer is probed, answers, or does not.
import { debug, type Message } from "./messages.js";

export interface DebugPeer {
  readonly address: string;
  readonly port: number;
  /** Of the IKE SA. */
  readonly connectionId: number;
}

const STATE = "Old State = IKE_P1_COMPLETE New State =";

function tag({ connectionId }: DebugPeer): string {
  return `ISAKMP:(0:1:HW:${connectionId}):`;
}

export function detectionEnabled(peer: DebugPeer): Message[] {
  return [`${tag(peer)} IKE_DPD is enabled, initializing timers`].map(debug);
}

/** A probe is sent. `node`: the number of its exchange. `missed`: probes before it without an answer. */
export function probeSent(peer: DebugPeer, node: number, missed: number): Message[] {
  const timer = missed === 0 ? "IKE_TIMER_IM_ALIVE" : "IKE_TIMER_PEERS_ALIVE";
  return [
    ...(missed === 0 ? [] : [`${tag(peer)} incrementing error counter on sa: PEERS_ALIVE_TIMER`]),
    ...informational(peer, node),
    `${tag(peer)} Input = IKE_MESG_FROM_TIMER, ${timer}`,
    `${tag(peer)} ${STATE} IKE_P1_COMPLETE`,
  ].map(debug);
}

function informational(peer: DebugPeer, node: number): string[] {
  const { address, port } = peer;
  return [
    `ISAKMP: set new node ${node} to QM_IDLE`,
    `${tag(peer)} sending packet to ${address} my_port 500 peer_port ${port} (I) QM_IDLE`,
    `${tag(peer)} purging node ${node}`,
  ];
}

/** R_U_THERE_ACK came. `sa`: a number for the IKE SA, as IOS prints its address in memory. */
export function acknowledged(peer: DebugPeer, node: number, sequence: number, sa: number): Message[] {
  const { address, port } = peer;
  return [
    `ISAKMP (0:${0x10000000 + peer.connectionId - 1}): received packet from ${address} dport 500 sport ${port} Global (I) QM_IDLE`,
    `ISAKMP: set new node ${node} to QM_IDLE`,
    `${tag(peer)} processing HASH payload. message ID = ${node}`,
    `${tag(peer)} processing NOTIFY R_U_THERE_ACK protocol 1 spi 0, message ID = ${node}, sa = ${hex(sa)}`,
    `${tag(peer)} DPD/R_U_THERE_ACK received from peer ${address}, sequence 0x${hex(sequence)}`,
    `${tag(peer)} deleting node ${node} error FALSE reason "informational (in) state 1"`,
    `${tag(peer)} Input = IKE_MESG_FROM_PEER, IKE_INFO_NOTIFY`,
    `${tag(peer)} ${STATE} IKE_P1_COMPLETE`,
  ].map(debug);
}

/** What IOS has of a peer in memory: a number that it prints as an address, and the exchanges it still knows. */
export interface DebugMemory {
  readonly structure: number;
  readonly nodes: readonly number[];
}

/** The last probe was missed: what comes before the session's DOWN message. */
export function notResponding(peer: DebugPeer, { structure }: DebugMemory): Message[] {
  return [
    `${tag(peer)} incrementing error counter on sa: PEERS_ALIVE_TIMER`,
    `${tag(peer)} peer ${peer.address} not responding!`,
    `${tag(peer)} peer does not do paranoid keepalives.`,
    `${tag(peer)} deleting SA reason "peers alive" state (I) QM_IDLE (peer ${peer.address}) input queue 0`,
    `ISAKMP: Unlocking IPSEC struct 0x${hex(structure)} from delete_siblings, count 0`,
  ].map(debug);
}

/** What comes after it: IKE says goodbye to whoever may hear it. */
export function destroyed(peer: DebugPeer, node: number): Message[] {
  return [
    ...informational(peer, node),
    `${tag(peer)} Input = IKE_MESG_FROM_TIMER, IKE_TIMER_PEERS_ALIVE`,
    `${tag(peer)} ${STATE} IKE_DEST_SA`,
  ].map(debug);
}

/** The IKE SA is taken apart; `spis`: of inbound SAs, whose end nobody can be told. */
export function buried(peer: DebugPeer, memory: DebugMemory, localAddress: string, spis: readonly number[]): Message[] {
  const { structure, nodes } = memory;
  const state = `${tag(peer)} Old State = IKE_DEST_SA New State = IKE_DEST_SA`;
  const deleting = (error: string, reason: string) =>
    nodes.map((node) => `${tag(peer)} deleting node ${node} error ${error} reason "${reason}"`);
  return [
    `${tag(peer)} deleting SA reason "peers alive" state (I) QM_IDLE (peer ${peer.address}) input queue 0`,
    `ISAKMP: Unlocking IKE struct 0x${hex(structure)} for isadb_mark_sa_deleted(), count 0`,
    `ISAKMP: Deleting peer node by peer_reap for ${peer.address}: ${hex(structure)}`,
    ...deleting("TRUE", "peers alive"),
    `${tag(peer)} Input = IKE_MSG_INTERNAL, IKE_PHASE1_DEL`,
    state,
    "ISAKMP: received ke message (4/1)",
    "ISAKMP: received ke message (3/1)",
    ...spis.map(
      (spi) =>
        `ISAKMP: ignoring request to send delete notify (no ISAKMP sa) src ${localAddress} dst ${peer.address} for SPI 0x${hex(spi)}`,
    ),
    `${tag(peer)} deleting SA reason "" state (I) MM_NO_STATE (peer ${peer.address}) input queue 0`,
    ...deleting("FALSE", ""),
    `${tag(peer)} Input = IKE_MESG_FROM_PEER, IKE_MM_EXCH`,
    state,
  ].map(debug);
}

function hex(number: number): string {
  return number.toString(16).toUpperCase();
}
