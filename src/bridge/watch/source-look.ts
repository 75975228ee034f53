/**
 * Looks into a source queue from which nothing comes: its messages may be stuck, or none of them may be for the link.
 */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import { PATH_PROPERTY, type PathRule, readPath, whyNotOn } from "../routing/path.ts";
import type { QueueDepth, QueueDepths } from "./queue-depth.ts";
import type { WatchedGroup } from "./watched-group.ts";

export type SourceTrouble =
  /**
   * Messages that are not for the link stand in front of others. `freed`: browsing made the broker load those others.
   */
  | { readonly code: "BLOCKED_BY_SELECTOR"; readonly refused: number; readonly freed: boolean }
  /** Messages that the broker does not deliver, such as those that it cannot encode. */
  | { readonly code: "STUCK_AT_SOURCE"; readonly stuck: number; readonly names: readonly string[] };

export interface SourceLookDeps {
  readonly depths: QueueDepths;
  readonly group: WatchedGroup;
  /** A STOMP connection that shows messages which the broker cannot encode for AMQP; undefined without `browseUri`. */
  readonly browser: (() => WatchedGroup) | undefined;
  readonly path: PathRule;
  /** How many consumers the link itself has on the queue. */
  readonly ownConsumers: number;
}

/**
 * Classic loads this many messages of a queue into memory (maxPageSize) and looks for no match behind them. A browser
 * makes it load 400 (maxBrowsePageSize, measured with 6.1.8), so browsing cures the problem up to that number.
 */
const PAGE_SIZE = 200;
/** The most messages that a browser reads. */
const MAX_SHOWN = 2_000;
/**
 * A browser that gets nothing for this long has seen everything: a message that the broker cannot encode hides the end
 * of the queue.
 */
const QUIET_MS = 2_000;
const BROWSE_MS = 10_000;
const CONNECT_MS = 5_000;
const MAX_NAMES = 5;

/**
 * Resolves with undefined when the queue is healthy or nothing can be found out. Rejects if the broker refuses to show
 * the queue.
 */
export async function lookIntoSource(queue: string, deps: SourceLookDeps): Promise<SourceTrouble | undefined> {
  const { group, depths, path, ownConsumers } = deps;
  const depth = await depths.of(queue);
  if (depth === "none" || depth?.messages === 0) return undefined;
  // Another consumer may hold the messages that do not come to the link.
  if (depth && depth.consumers > ownConsumers) return undefined;
  const shown = await showAll(queue, group, path);
  const blocked = shown && blockedBySelector(shown, depth, group.connection.broker?.product === "activemq");
  if (blocked || shown?.firstMatch !== undefined) return blocked;
  const hidden = await hiddenOf(queue, deps, depth, shown?.cut === false ? shown.ids : undefined);
  return hidden && hidden.stuck > 0 ? { code: "STUCK_AT_SOURCE", ...hidden } : undefined;
}

function blockedBySelector(
  { firstMatch, count, cut }: Shown,
  depth: QueueDepth | undefined,
  isClassic: boolean,
): SourceTrouble | undefined {
  const code = "BLOCKED_BY_SELECTOR";
  if (firstMatch !== undefined)
    return firstMatch >= (isClassic ? PAGE_SIZE : 1) ? { code, refused: firstMatch, freed: isClassic } : undefined;
  // Messages behind so many others can be neither seen nor delivered.
  const more = isClassic && !cut && count >= PAGE_SIZE && depth !== undefined && depth.messages > count;
  return more ? { code, refused: count, freed: false } : undefined;
}

interface Shown {
  /** The ids of the messages that the browser got. */
  readonly ids: ReadonlySet<string>;
  readonly count: number;
  /** How many messages stand in front of the first one for the link; undefined when none is for the link. */
  readonly firstMatch: number | undefined;
  /** The queue holds more messages than were read. */
  readonly cut: boolean;
}

/** Resolves with undefined where the queue cannot be browsed. */
async function showAll(queue: string, group: WatchedGroup, path: PathRule): Promise<Shown | undefined> {
  if (group.connection.broker?.product === "artemis" && group.protocol === "stomp") return undefined;
  const ids = new Set<string>();
  let count = 0;
  const quiet = new Quiet(QUIET_MS);
  try {
    for await (const message of group.connection.browse(`queue://${queue}`, { signal: quiet.signal })) {
      quiet.broken();
      if (isForLink(message, path)) return { ids, count, firstMatch: count, cut: true };
      ids.add(message.brokerMessageId ?? message.id ?? "");
      count += 1;
      if (count >= MAX_SHOWN) return { ids, count, firstMatch: undefined, cut: true };
    }
  } catch {
    return undefined;
  } finally {
    quiet.end();
  }
  return { ids, count, firstMatch: undefined, cut: false };
}

/** A signal that fires when nothing has happened for a while. */
class Quiet {
  readonly #ms: number;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = setTimeout(() => this.#ending.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ending.abort(), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function isForLink({ properties }: ReceivedMessage, path: PathRule): boolean {
  return whyNotOn(readPath(properties[PATH_PROPERTY]), path) === undefined;
}

/** Resolves with the messages that the queue holds but that no consumer over this protocol is shown. */
async function hiddenOf(
  queue: string,
  { group, browser }: SourceLookDeps,
  depth: QueueDepth | undefined,
  shown: ReadonlySet<string> | undefined,
): Promise<{ readonly stuck: number; readonly names: readonly string[] } | undefined> {
  // Artemis counts a message that it cannot encode as given to the consumer, and hides such messages from browsers.
  if (depth && group.connection.broker?.product === "artemis") return { stuck: depth.delivering, names: [] };
  if (!shown) return undefined;
  const others = browser && (await idsOver(browser(), queue));
  const names = others ? [...others].filter((id) => !shown.has(id)) : [];
  const stuck = (depth?.messages ?? others?.size ?? 0) - shown.size;
  return { stuck, names: names.length <= stuck ? names.slice(0, MAX_NAMES) : [] };
}

/** Opens the connection for this one look and closes it. */
async function idsOver({ connection }: WatchedGroup, queue: string): Promise<ReadonlySet<string> | undefined> {
  const ids = new Set<string>();
  try {
    await connection.connect({ signal: AbortSignal.timeout(CONNECT_MS) });
    const messages = connection.browse(`queue://${queue}`, { signal: AbortSignal.timeout(BROWSE_MS) });
    for await (const message of messages) {
      ids.add(message.brokerMessageId ?? message.id ?? "");
      if (ids.size >= MAX_SHOWN) return undefined;
    }
  } catch {
    return undefined;
  } finally {
    await connection.close({ drainTimeoutMs: 0 });
  }
  return ids;
}
