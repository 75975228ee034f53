/** How a direction consumes from one of its sources. */
import type { ConsumeOptions } from "../../messaging/receiving/consuming/consume-options.ts";
import type { BridgeLink } from "../config/bridge-config.ts";
import { TOPIC_MARK } from "../demand/bridge-mark.ts";
import type { TakenSource } from "../demand/demand-control.ts";
import { type PathRule, pathSelector, returnSelector } from "../routing/path.ts";
import { type DestinationPattern, formatPattern } from "../routing/pattern.ts";
import { hasPriorities } from "./losses.ts";
import type { OpenGroup } from "./open-group.ts";

/** Over STOMP, Classic stalls when prefetch times the size of an ACK passes 64 KiB. */
const STOMP_PREFETCH = 200;
/** The priority of consumers of Classic's own network connectors (decreaseNetworkConsumerPriority). */
const BEHIND_LOCAL = -5;

export interface SourceOptionsDeps {
  readonly link: string;
  readonly settings: BridgeLink;
  /** The connection has been connected once, so that the broker's product is known. */
  readonly source: OpenGroup;
  readonly target: OpenGroup;
  readonly maxInFlight: number;
}

export function sourceOptions({ pattern, returns }: TakenSource, deps: SourceOptionsDeps): ConsumeOptions {
  const { settings, link, source, target, maxInFlight } = deps;
  const { concurrency = 1, durable, exclusive } = settings;
  const most = source.protocol === "stomp" ? STOMP_PREFETCH : maxInFlight;
  const selector = returns ? returnSelector({ to: target.id }) : selectorOf(pattern, deps);
  // On Artemis the queue itself is exclusive, which the start of the link has checked.
  const asksForAll = exclusive && pattern.kind === "queue" && source.connection.broker?.product === "activemq";
  return {
    prefetch: Math.max(1, Math.min(most, Math.floor(maxInFlight / concurrency))),
    ...(selector !== undefined && { selector }),
    ...(asksForAll && { exclusive: true }),
    ...priorityOf(pattern, deps),
    ...(durable && pattern.kind === "topic" && { durable: `${link} ${formatPattern(pattern)}` }),
  };
}

/**
 * Returns the selector for a queue. On topics the link filters by itself: there the selector matches everything and
 * only marks the consumer as a bridge's.
 */
export function selectorOf(
  { kind }: DestinationPattern,
  { source, target, settings }: Pick<SourceOptionsDeps, "source" | "target" | "settings">,
): string | undefined {
  if (source.connection.broker?.product === "masterslave-embedded") return undefined;
  if (kind === "topic") return TOPIC_MARK;
  if (source.name === target.name) return undefined;
  return pathSelector(pathRuleOf({ source, target, settings }));
}

/** Returns the rule by which a direction decides from the path of a message whether the message goes on. */
export function pathRuleOf({
  source,
  target,
  settings: { maxHops = 1, returnWhenNoConsumers: returns },
}: Pick<SourceOptionsDeps, "source" | "target" | "settings">): PathRule {
  return { from: source.id, to: target.id, maxHops, move: source.name === target.name, returns };
}

/**
 * Returns the priority that serves local consumers first, if the broker supports priorities. A priority set by the user
 * is always requested.
 */
function priorityOf(
  { kind }: DestinationPattern,
  { settings: { priority }, source }: SourceOptionsDeps,
): Pick<ConsumeOptions, "priority"> {
  if (kind !== "queue") return {};
  if (priority !== undefined) return { priority };
  return hasPriorities(source) ? { priority: BEHIND_LOCAL } : {};
}
