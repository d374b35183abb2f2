// The guide's two routers in a lab, with other transforms where asked.
import { DataPlane, type PlaneOptions } from "../../src/index.js";
import { Lab, type LabRouter, parseConfig, planeOptionsOf } from "../../src/ios/index.js";
import { deflate } from "../../src/ipcomp/deflate.js";
import { guideConfig } from "./configs.js";
import { march } from "./printed.js";

export interface TwoRouters {
  readonly lab: Lab;
  readonly a: LabRouter;
  readonly b: LabRouter;
}

export const EPOCH = march(24, "20:55:00.000");

/** `change`: what is done to both texts. */
export async function twoRouters(change: (text: string) => string = (text) => text): Promise<TwoRouters> {
  return routers(change(guideConfig("router-a")), change(guideConfig("router-b")));
}

export async function routers(textA: string, textB: string): Promise<TwoRouters> {
  const { lab, all } = await labOf(textA, textB);
  const [a, b] = all as [LabRouter, LabRouter];
  return { lab, a, b };
}

/** A router for each configuration, with the tables of "edge" or others. */
export async function labOf(
  ...configs: (string | { text: string; limits: NonNullable<PlaneOptions["limits"]> })[]
): Promise<{ lab: Lab; all: LabRouter[] }> {
  let seed = 1;
  const random = (bytes: Uint8Array) => {
    for (let i = 0; i < bytes.length; i++) {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[i] = seed >>> 24;
    }
  };
  const lab = new Lab({ random, epoch: EPOCH });
  const all: LabRouter[] = [];
  for (const one of configs) {
    const { text, limits } = typeof one === "string" ? { text: one, limits: "edge" as const } : one;
    const { config } = parseConfig(text);
    const plane = await DataPlane.create({ ...planeOptionsOf(config), limits, compression: deflate });
    all.push(lab.add(plane, config));
  }
  return { lab, all };
}

/** The guide's transform set by another one. */
export function withTransforms(transforms: string) {
  return (text: string) => text.replace("auth2 ah-sha-hmac esp-des esp-sha-hmac", `auth2 ${transforms}`);
}
