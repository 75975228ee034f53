/** Looks into a queue of which nothing comes: whether its messages cannot reach the link, or none is for it. */
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import { PATH_PROPERTY, type PathRule, readPath, whyNotOn } from "../routing/path.ts";
import type { QueueDepth, QueueDepths } from "./queue-depth.ts";
import type { WatchedGroup } from "./watched-group.ts";

export type SourceTrouble =
  /** Messages that are not for the link stand in front of others. `freed`: the look itself made the broker see those. */
  | { readonly code: "BLOCKED_BY_SELECTOR"; readonly refused: number; readonly freed: boolean }
  /** Messages that the broker does not deliver, such as those that it cannot encode. */
  | { readonly code: "STUCK_AT_SOURCE"; readonly stuck: number; readonly names: readonly string[] };

export interface SourceLookDeps {
  readonly depths: QueueDepths;
  readonly group: WatchedGroup;
  /** Shows over STOMP what the broker cannot encode for AMQP; undefined without `browseUri`. */
  readonly browser: (() => WatchedGroup) | undefined;
  readonly path: PathRule;
  /** Consumers that the link itself has on the queue. */
  readonly ownConsumers: number;
}

/**
 * Classic brings so many messages of a queue into memory (maxPageSize), and looks for none that match behind them. A browser
 * makes it bring 400 (maxBrowsePageSize), measured with 6.1.8: up to that, the look itself ends what it finds.
 */
const PAGE_SIZE = 200;
/** A browser goes no further. */
const MAX_SHOWN = 2_000;
/** A browser that is shown nothing for so long has seen all: what the broker cannot encode keeps the end from it. */
const QUIET_MS = 2_000;
const BROWSE_MS = 10_000;
const CONNECT_MS = 5_000;
const MAX_NAMES = 5;

/** Resolves with undefined when all is well or nothing can be told. Rejects where the broker shows nothing at all. */
export async function lookIntoSource(queue: string, deps: SourceLookDeps): Promise<SourceTrouble | undefined> {
  const { group, depths, path, ownConsumers } = deps;
  const depth = await depths.of(queue);
  if (depth === "none" || depth?.messages === 0) return undefined;
  // Somebody else may hold what does not come to us.
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
  // Nothing that stands behind so many can be seen, nor come.
  const more = isClassic && !cut && count >= PAGE_SIZE && depth !== undefined && depth.messages > count;
  return more ? { code, refused: count, freed: false } : undefined;
}

interface Shown {
  /** Ids of the messages that a browser was shown. */
  readonly ids: ReadonlySet<string>;
  readonly count: number;
  /** How many stand in front of the first message that is for the link; undefined when there is none. */
  readonly firstMatch: number | undefined;
  /** There are more. */
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

/** Fires when nothing has happened for a while. */
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

/** What the queue holds and no consumer of this protocol is shown. */
async function hiddenOf(
  queue: string,
  { group, browser }: SourceLookDeps,
  depth: QueueDepth | undefined,
  shown: ReadonlySet<string> | undefined,
): Promise<{ readonly stuck: number; readonly names: readonly string[] } | undefined> {
  // Artemis gives what it cannot encode to the consumer, and the browser is not shown what a consumer has.
  if (depth && group.connection.broker?.product === "artemis") return { stuck: depth.delivering, names: [] };
  if (!shown) return undefined;
  const others = browser && (await idsOver(browser(), queue));
  const names = others ? [...others].filter((id) => !shown.has(id)) : [];
  const stuck = (depth?.messages ?? others?.size ?? 0) - shown.size;
  return { stuck, names: names.length <= stuck ? names.slice(0, MAX_NAMES) : [] };
}

/** The connection is for this one look. */
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
