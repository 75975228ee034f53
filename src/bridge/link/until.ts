/** Decides when a link with `until` is over, such as a move, a migration or a replay. */
import { pause } from "../../async/timer.ts";
import { formatDestination } from "../../messaging/messages/destination.ts";
import type { Until } from "../config/bridge-config.ts";
import type { DestinationPattern } from "../routing/pattern.ts";
import type { Intake } from "./intake.ts";
import type { OpenGroup } from "./open-group.ts";

export interface UntilDeps {
  readonly source: OpenGroup;
  readonly sources: readonly DestinationPattern[];
  readonly selectorOf: (source: DestinationPattern) => string | undefined;
  readonly intake: Intake;
  readonly unacknowledged: () => number;
  readonly isFailed: () => boolean;
}

const LOOK_MS = 50;
/** After this time without a message, the queues are checked for emptiness. */
const IDLE_MS = 500;
/** If a source cannot be browsed, silence for this long counts as empty. */
const SILENT_MS = 3_000;

/** Resolves when the link is over, has failed, or `signal` fires. Never rejects. */
export async function waitUntilOver(until: Until, signal: AbortSignal, deps: UntilDeps): Promise<void> {
  const startedAt = performance.now();
  while (!signal.aborted && !deps.isFailed()) {
    if (await isOver(until, startedAt, deps)) return;
    await pause(LOOK_MS, signal);
  }
}

async function isOver(until: Until, startedAt: number, deps: UntilDeps): Promise<boolean> {
  if (until === "forever") return false;
  if (until === "empty") return isEmpty(deps);
  if ("durationMs" in until) return performance.now() - startedAt >= until.durationMs;
  return deps.intake.isOver && deps.unacknowledged() === 0;
}

/** Whether nothing is unsettled, nothing came lately, and browsing each queue finds nothing. */
async function isEmpty({ source, sources, selectorOf, intake, unacknowledged }: UntilDeps): Promise<boolean> {
  const idleMs = performance.now() - intake.lastTakenAt;
  if (source.connection.endpoint === undefined || unacknowledged() > 0 || idleMs < IDLE_MS) return false;
  for (const each of sources) {
    const left = await hasMessages(each, source, selectorOf(each));
    if (left === true) return false;
    // Read after the browse: a session may have ended meanwhile.
    const silentMs = performance.now() - intake.lastTakenAt;
    if (left === "unknown" && (silentMs < SILENT_MS || source.connection.endpoint === undefined)) return false;
  }
  return unacknowledged() === 0;
}

/** `"unknown"` for wildcards, and for what the broker does not let us browse. Never rejects. */
async function hasMessages(
  pattern: DestinationPattern,
  { connection }: OpenGroup,
  selector: string | undefined,
): Promise<boolean | "unknown"> {
  if (pattern.hasWildcard) return "unknown";
  try {
    for await (const _ of connection.browse(formatDestination(pattern), selector === undefined ? {} : { selector }))
      return true;
    return false;
  } catch {
    return "unknown";
  }
}
