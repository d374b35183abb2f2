// The policy database at its largest: what finding the policy adds to a packet whose SA was not given.
import { DataPlane } from "wasm-ipsec";
import { associationOf } from "../contenders/ours.mjs";
import { innerPackets } from "../esp.mjs";
import { interleave } from "../rounds.mjs";
import { drawKeys, MAIN_SUITES } from "../suites.mjs";
import { nanoseconds, table } from "../table.mjs";

const POLICIES = 10_000;
const BATCH = 64;
const MILLISECONDS = 5;
const GIVEN = "the SA given";

export async function policies({ rounds }) {
  const [suite] = MAIN_SUITES;
  const plane = await DataPlane.create({ carrier: "udp", limits: "gateway" });
  const sa = plane.addSa({ ...associationOf(suite, drawKeys(suite)), direction: "out" });
  for (let i = 0; i < POLICIES; i++) {
    const target = `10.${100 + (i >> 8)}.${i & 255}.0/24`;
    plane.addPolicy({ direction: "out", selector: { source: "10.1.0.0/16", target }, action: "protect", sa });
  }
  const contenders = [
    contender(plane, GIVEN, sa, () => 0),
    contender(plane, "a flow seen before, 64 of them in turn", undefined, (i) => i % BATCH),
    contender(plane, "a new flow, first policy", undefined, () => 0, true),
    contender(plane, "a new flow, policies evenly", undefined, (i) => (i * 7919) % POLICIES, true),
    contender(plane, "a new flow, last policy", undefined, () => POLICIES - 1, true),
  ];
  const times = await interleave(contenders, { rounds, milliseconds: MILLISECONDS });
  plane.close();
  const least = (name) => Math.min(...times.get(name));
  const given = least(GIVEN);
  const rows = contenders.map(({ name }) => {
    const more = least(name) - given;
    const verdict = name.startsWith("a flow") ? (more <= 40 ? "40 ns allowed +" : "40 ns allowed --") : "";
    return [name, nanoseconds(least(name)), name === GIVEN ? "" : `+${nanoseconds(more)}`, verdict];
  });
  return table([["", "a packet", "more", ""], ...rows]);
}

/** Packets to the network of policy `policyOf(i)`; `isNew`: from a port that this flow never had. */
function contender(plane, name, sa, policyOf, isNew = false) {
  const packets = innerPackets(64, BATCH);
  const targets = packets.map(() => new Uint8Array(192));
  const item = plane.createItem();
  let count = 0;
  const address = (packet) => {
    const policy = policyOf(count);
    packet[17] = 100 + (policy >> 8);
    packet[18] = policy & 255;
    if (isNew) {
      packet[20] = count >>> 8;
      packet[21] = count;
      packet[22] = count >>> 24;
      packet[23] = count >>> 16;
    }
    count++;
  };
  const run = () => {
    for (let i = 0; i < BATCH; i++) {
      address(packets[i]);
      plane.outbound(0, packets[i], sa);
    }
    plane.flush(0);
    for (let i = 0; plane.poll(item); i++) {
      if (item.kind !== "datagram") throw new Error(`${name}: ${item.verdict}`);
      item.copyInto(targets[i]);
    }
  };
  return { name, packets: BATCH, run };
}
