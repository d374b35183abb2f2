// This library, the whole path: `outbound` or `inbound`, `flush`, `poll` and `copyInto`; or one packet at a time.
import { DataPlane } from "wasm-ipsec";
import { SPI } from "../esp.mjs";

/** A fraction of a millisecond, as performance.now() has them. */
const NOW = 1000.25;

const planes = new Map();

/** One plane a build for the whole run, as a program has it. A jumbo slot for every packet: 9000 bytes need one. */
export async function planeOf(variant) {
  if (!planes.has(variant)) {
    const limits = { jumboPackets: 256 };
    planes.set(variant, await DataPlane.create({ carrier: "udp", variant, limits }));
  }
  return planes.get(variant);
}

export function associationOf(suite, keys) {
  return {
    protocol: "esp",
    spi: SPI,
    mode: "tunnel",
    encryption: suite.encryption,
    encryptionKey: keys.encryption,
    ...(suite.integrity === undefined ? {} : { integrity: suite.integrity, integrityKey: keys.integrity }),
    tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
    pathMtu: 16_384,
  };
}

/** Seals `packets` into `targets`, in batches of `batch`. */
export function sealer(plane, sa, packets, targets, batch) {
  const item = plane.createItem();
  return () => {
    for (let done = 0, staged = 0; done < packets.length; ) {
      const end = Math.min(done + batch, packets.length);
      while (staged < end && plane.outbound(NOW, packets[staged], sa)) staged++;
      plane.flush(NOW);
      while (plane.poll(item)) item.copyInto(targets[done++]);
    }
  };
}

/** Opens `datagrams` into `targets`, in batches of `batch`. */
export function opener(plane, datagrams, targets, batch) {
  const item = plane.createItem();
  return () => {
    for (let done = 0, staged = 0; done < datagrams.length; ) {
      const end = Math.min(done + batch, datagrams.length);
      while (staged < end && plane.inbound(NOW, datagrams[staged])) staged++;
      plane.flush(NOW);
      while (plane.poll(item)) item.copyInto(targets[done++]);
    }
  };
}

/** The single verbs, by name. */
export const SINGLE = {
  protectInto: (plane, sa, packets, targets) => () => {
    for (let i = 0; i < packets.length; i++) plane.protectInto(NOW, packets[i], targets[i], sa);
  },
  protect: (plane, sa, packets) => () => {
    for (let i = 0; i < packets.length; i++) plane.protect(NOW, packets[i], sa);
  },
  unprotectInto: (plane, _, datagrams, targets) => () => {
    for (let i = 0; i < datagrams.length; i++) plane.unprotectInto(NOW, datagrams[i], targets[i]);
  },
  unprotect: (plane, _, datagrams) => () => {
    for (let i = 0; i < datagrams.length; i++) plane.unprotect(NOW, datagrams[i]);
  },
};
