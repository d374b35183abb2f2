// wasm-ipsec/ios: the guide's configuration language.
export type { AccessList, AccessRule, AddressMatch, PortMatch, Remark } from "./access-rule.js";
export type { Diagnostic, Severity } from "./diagnostic.js";
export type * from "./model.js";
export { type ParsedConfig, parseConfig } from "./parse.js";
export { type EffectiveSaSettings, effectiveDfBit, effectiveFragmentation, saSettingsOf } from "./precedence.js";
export { writeAccessRule, writeConfig } from "./write.js";
