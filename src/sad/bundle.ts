// SA bundles: RFC 2401 section 4.3. RFC 4301 section 4.3 leaves them to the implementation. A packet goes through the
// inner SA, then through the outer ones; it is reserved against the lifetimes of all of them or of none.
import { D_OUTER, D_OUTER_GENERATION, D_SA, MAX_OUTERS, SLOT_HEADROOM } from "../../assembly/layout.js";
import type { Engine } from "../engine.js";
import { IpsecError } from "../errors.js";
import { grow } from "../frag/bundle.js";
import { headroom, keptHeader } from "../frag/fit.js";
import type { Admission } from "../outbound.js";
import type { Entry } from "../wasm/entry.js";
import { Sa } from "./sa.js";

/** IPv6 fragment header, in case the sealed packet is cut. */
const CUT_HEADROOM = 8;

/** Throws `policy` unless `sas`, the inner one first, can be a bundle of `direction`. */
export function checkBundle(sas: readonly Sa[], direction: "out" | "in", owns: (sa: Sa) => boolean): void {
  if (sas.length < 1 || sas.length > MAX_OUTERS + 1) {
    throw new IpsecError(
      "policy",
      `sa lists ${sas.length} SAs: 1 to ${MAX_OUTERS + 1} are allowed, the inner one first`,
    );
  }
  for (const sa of sas) {
    if (!(sa instanceof Sa) || sa.direction !== direction)
      throw new IpsecError("policy", `sa must be of direction "${direction}", from addSa`);
    if (!owns(sa)) throw new IpsecError("policy", "sa belongs to another plane, or has been deleted");
  }
  for (const [index, sa] of sas.entries()) {
    if (!sa.resolved.insideAh || (index === 0 && sas[1]?.protocol === "ah")) continue;
    throw new IpsecError(
      "policy",
      'an SA of integrity "none" must be the first of its bundle, with AH as the next one',
    );
  }
  if (sas.length === 1) return;
  if (new Set(sas).size !== sas.length)
    throw new IpsecError("policy", "an SA comes twice in its bundle: it may come once");
  for (const [index, sa] of sas.entries()) checkPlace(sa, index, sas.length);
  const needed = sas.reduce((sum, sa) => sum + headroom(sa), CUT_HEADROOM);
  if (needed > SLOT_HEADROOM) {
    throw new IpsecError(
      "policy",
      `the headers of this bundle take ${needed} bytes: ${SLOT_HEADROOM} fit in front of a packet`,
    );
  }
}

function checkPlace(sa: Sa, index: number, count: number): void {
  const { config, carrier, tfcPadding, prefragment, tunnelMtu, selectors, clampMss } = sa.resolved;
  if (carrier !== "ip") throw new IpsecError("policy", 'bundles need carrier "ip": a socket writes one header only');
  if (config.natTraversal !== undefined && (index < count - 1 || sa.direction === "in"))
    throw new IpsecError("policy", "natTraversal belongs to the outermost SA of an outbound bundle");
  if (index === 0) return;
  const cuts = prefragment !== false || tunnelMtu !== Infinity;
  if (tfcPadding > 0 || config.dummySeconds !== undefined || cuts || clampMss !== false)
    throw new IpsecError(
      "policy",
      "tfcPadding, dummySeconds, prefragment, tunnelMtu and clampMss belong to the inner SA of a bundle",
    );
  if (sa.compression !== undefined)
    throw new IpsecError(
      "policy",
      "compression belongs to the inner SA of a bundle: what is encrypted does not shrink",
    );
  if (selectors !== undefined)
    throw new IpsecError("policy", "selectors belong to the inner SA of a bundle: they judge what it carries");
}

/** What an inner SA has to do with the one around it. */
export interface Link {
  readonly inner: Sa;
  readonly outer: Sa;
}

/**
 * What comes for the inner SA must have come out of exactly these outer ones, and out of them comes nothing else.
 * Throws `policy` where an SA is in another bundle already.
 */
export function linkBundle(engine: Engine, sas: readonly Sa[]): Link[] {
  const links = sas.slice(1).map((outer, i) => ({ inner: sas[i] as Sa, outer }));
  for (const { inner, outer } of links) {
    if (inner.through !== undefined && inner.through !== outer)
      throw new IpsecError("policy", "an SA is in another bundle already: its packets come out of one SA only");
  }
  if ((sas[0] as Sa).carries > 0 || (sas.at(-1) as Sa).through !== undefined)
    throw new IpsecError("policy", "this bundle is part of another: list all its SAs in one policy");
  const fresh = links.filter(({ inner }) => inner.through === undefined);
  for (const { inner, outer } of fresh) {
    inner.through = outer;
    outer.carries++;
    engine.sad.writeLink(inner, outer);
  }
  return fresh;
}

/** The policy is gone: each SA stands for itself again. */
export function unlinkBundle(engine: Engine, links: readonly Link[]): void {
  for (const { inner, outer } of links) {
    inner.through = undefined;
    outer.carries--;
    if (engine.sad.owns(inner)) engine.sad.writeLink(inner, undefined);
    if (engine.sad.owns(outer)) engine.sad.writeCarries(outer);
  }
}

/** Steps 3 and 4 of the line out for the outer SAs: the first that refuses. */
export function refusingOuter(engine: Engine, admission: Admission): Sa | undefined {
  const outers = admission.outers as readonly Sa[];
  for (let i = 0; i < outers.length; i++) {
    const sa = outers[i] as Sa;
    if (engine.now >= sa.hardAt) engine.expire(sa, "seconds");
    if (sa.state !== "live" || sa.refusing || !engine.sad.owns(sa)) return sa;
    const limit = sa.lifetime.refuses(admission.outerCounted[i] as number, admission.pieces);
    if (limit === undefined) continue;
    engine.expireOnceSealed(sa, limit);
    return sa;
  }
  return undefined;
}

/** Writes the outer SAs into the descriptor of a packet whose inner text has `text` bytes, and reserves its bytes. */
export function describeOuters(engine: Engine, entry: Entry, admission: Admission, text: number, version: 4 | 6): void {
  const { words } = engine.memory;
  const { growth } = admission;
  const outers = admission.outers as readonly Sa[];
  const kept = keptHeader(engine.carrier, admission.headerLength);
  grow(growth, admission.sa as Sa, outers, text, kept, version);
  entry.outers = outers;
  entry.plain = false;
  const first = entry.descriptor + (D_OUTER >> 2);
  const generations = entry.descriptor + (D_OUTER_GENERATION >> 2);
  for (let i = 0; i < MAX_OUTERS; i++) {
    const sa = outers[i];
    words[first + i] = sa?.record ?? 0;
    words[generations + i] = sa?.generation ?? 0;
    if (sa === undefined) continue;
    entry.outerReserved[i] = growth.counted[i] as number;
    engine.countVolume(sa, growth.counted[i] as number);
    entry.path = sa.path;
  }
}

/** After the kernel has refused a packet of a bundle: the SA that refuses it. What the outer ones reserved is given back. */
export function refuseBundle(engine: Engine, entry: Entry): Sa {
  const outers = entry.outers as readonly Sa[];
  const record = engine.memory.words[entry.descriptor + (D_SA >> 2)];
  let refusing = entry.sa as Sa;
  for (let i = 0; i < outers.length; i++) {
    const sa = outers[i] as Sa;
    sa.lifetime.putBack(entry.outerReserved[i] as number);
    if (sa.record === record) refusing = sa;
  }
  return refusing;
}
