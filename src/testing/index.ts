/** Public as masterslave-transport/testing: a group to fail over on command, and a proxy to break connections with. */
export { type BlackHole, blackHole } from "./black-hole.ts";
export {
  type EmbeddedGroup,
  embeddedGroup,
  type GroupStats,
  type MemberEndpoint,
  type Takeover,
  type TakeoverOptions,
} from "./embedded-group.ts";
export { type FaultProxy, faultProxy } from "./fault-proxy.ts";
export type { EmbeddedGroupOptions } from "./group/group-options.ts";
export type { TestProtocol } from "./member/member-settings.ts";
export type { StoredMessageView } from "./member/message-view.ts";
export type { EndKind, FlowDirection } from "./proxy/flow-shape.ts";
export type { TargetAddress } from "./proxy/target-address.ts";
export type { LedgerFindings } from "./rehearsal/ledger.ts";
export {
  type CrashableGroup,
  type FailoverFigures,
  type RehearsalOptions,
  type RehearsalProgress,
  type RehearsalReport,
  rehearseFailover,
} from "./rehearsal/rehearse-failover.ts";
