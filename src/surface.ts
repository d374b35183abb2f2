// The public names, whatever brings the kernel. Re-exports only.
export { DataPlane, type PlaneOptions } from "./data-plane.js";
export type { Carrier } from "./engine.js";
export { IpsecError, type IpsecErrorCode } from "./errors.js";
export type { Event, LifetimeLimit } from "./event.js";
export { Item } from "./item.js";
export type { Limits, LimitsName } from "./limits.js";
export type { Endpoint, Path, PathConfig } from "./natt/path.js";
export type { Endpoints, NatTraversal, SaConfig } from "./sad/config.js";
export type { LifetimeConfig } from "./sad/lifetime.js";
export type { SaDefaults } from "./sad/resolve.js";
export type { Sa, SaState, SaStats } from "./sad/sa.js";
export type { AeadName, CipherName, EncryptionName, IntegrityName, Profile } from "./sad/suites.js";
export type { ProtectResult, UnprotectResult } from "./simple.js";
export type { Policy, PolicyAction, PolicyConfig } from "./spd/policy.js";
export type { Selector } from "./spd/selector.js";
export { VERDICTS, type Verdict } from "./verdict.js";
export type { Variant, WasmSource } from "./wasm/kernel.js";
export type { ItemKind } from "./wasm/ring.js";
