// wasm-ipsec/ios: the guide's configuration language, and what a router prints.

export type { AccessList, AccessRule, AddressMatch, PortMatch, Remark } from "./access-rule.js";
export { type ApplyOptions, applyConfig, planeOptionsOf } from "./apply/apply.js";
export type { Keying, LiveIdent } from "./apply/live-ident.js";
export { type Answer, firstCommon, type Proposal } from "./apply/proposal.js";
export type { SaKeys } from "./apply/sa-config.js";
export type { IosSession } from "./apply/session.js";
export type { IosIke, SessionOptions } from "./apply/session-options.js";
export {
  type DebugEnds,
  type DebugNegotiation,
  type DebugSa,
  negotiationLines,
  unsupportedLines,
} from "./debug-ipsec.js";
export {
  acknowledged,
  buried,
  type DebugMemory,
  type DebugPeer,
  destroyed,
  detectionEnabled,
  notResponding,
  probeSent,
} from "./debug-isakmp.js";
export type { Diagnostic, Severity } from "./diagnostic.js";
export { EXEC_COMMANDS, execute } from "./exec.js";
export { Lab, type LabDelivery, type LabOptions, type LabPing, type LabRouter } from "./lab/lab.js";
export { Log, type LogCounts, type LogOptions, logHeader } from "./logging.js";
export {
  invalidSpi,
  type Level,
  type Message,
  modeFailure,
  replayFailed,
  sessionStatus,
  type UnknownSpi,
} from "./messages.js";
export type * from "./model.js";
export { type ParsedConfig, parseConfig } from "./parse.js";
export {
  type EffectiveSaSettings,
  effectiveDfBit,
  effectiveFragmentation,
  ipMtu,
  saSettingsOf,
  tunnelFragmentation,
} from "./precedence.js";
export { showAccessLists, showCryptoMap, showIpInterface, showRunningConfig } from "./show/configured.js";
export { type IpsecSaFilter, showIpsecSa } from "./show/ipsec-sa.js";
export { showIsakmpSa } from "./show/isakmp-sa.js";
export { showSession } from "./show/session.js";
export type { Ident, IdentCounters, IsakmpSa, ProxyIdentity, ShownSa } from "./show/state.js";
export { type Timestamps, timestamp, timestampsOf } from "./timestamp.js";
export { type Suite, suitesOf } from "./transforms.js";
export { writeAccessRule, writeConfig } from "./write.js";
