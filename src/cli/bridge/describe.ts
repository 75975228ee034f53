/** Describes a configuration in words: what would run. */
import type { BridgeConfig, BridgeLink } from "../../bridge/index.ts";

/** One line for each direction and its destinations. */
export function describeLinks({ links }: BridgeConfig): string[] {
  return Object.entries(links).flatMap(([name, link]) => [
    `${name}: ${link.from} ${link.duplex ? "<->" : "->"} ${link.to}${untilOf(link)}`,
    ...(link.include ?? []).map((text) => `  include ${text}`),
    ...(link.static ?? []).map((text) => `  static  ${text}`),
    ...(link.exclude ?? []).map((text) => `  exclude ${text}`),
    ...(link.rename ?? []).map(({ from, to }) => `  rename  ${from} -> ${to}`),
    `  at most ${link.maxInFlight ?? 1000} messages and ${link.maxInFlightBytes ?? 16_777_216} bytes in flight, ${link.maxHops ?? 1} hops`,
    `  order ${orderOf(link)}`,
  ]);
}

function untilOf({ until = "forever" }: BridgeLink): string {
  if (until === "forever") return "";
  if (until === "empty") return ", until empty";
  return "messages" in until ? `, until ${until.messages} messages` : `, for ${until.durationMs} ms`;
}

/** The order that can be expected (docs/bridge.md). */
function orderOf({ concurrency = 1 }: BridgeLink): string {
  return concurrency === 1 ? "per destination while one process runs, per group always" : "per group alone";
}
