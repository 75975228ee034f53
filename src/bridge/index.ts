/** `masterslave-transport/bridge`: forwards messages between groups, each side following its own failovers. */

export { ConfigError } from "../config/config-error.ts";
export type { Finding, Severity } from "../config/finding.ts";
export { Bridge, type BridgeEvents, type BridgeStatus, createBridge, type LinkChange } from "./bridge.ts";
export type * from "./config/bridge-config.ts";
export { readBridgeConfig } from "./config/read-bridge-config.ts";
export type { LinkCounts } from "./forwarding/counts.ts";
export type { LinkState, LinkStateName } from "./link/link-state.ts";
export type { LinkEnd, LinkStatus } from "./link.ts";
export type { CanaryState, CanaryStatus } from "./watch/canary-figures.ts";
export type { MessagePlace, MessageTrace, TraceResult } from "./watch/message-trace.ts";
export type { BridgeWarning } from "./watch/watched-group.ts";
