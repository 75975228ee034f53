/** Watches the queues of a direction while nothing comes from them, and reports those whose messages cannot come. */
import type { PathRule } from "../routing/path.ts";
import { QueueDepths } from "./queue-depth.ts";
import { lookIntoSource, type SourceTrouble } from "./source-look.ts";
import type { WatchedGroup } from "./watched-group.ts";

export interface SourceWatchDeps {
  readonly group: WatchedGroup;
  readonly browser: (() => WatchedGroup) | undefined;
  readonly path: PathRule;
  readonly ownConsumers: number;
  /** The queues, by their plain names. */
  readonly queues: () => readonly string[];
  /** Milliseconds since the last delivery; 0 while the link cannot take a message or has unsettled ones. */
  readonly idleMs: () => number;
  /** Called once for a queue whose messages were hidden behind others until the look. */
  readonly onFreed: (found: FoundTrouble) => void;
  readonly onChange: () => void;
}

export interface FoundTrouble {
  readonly queue: string;
  readonly trouble: SourceTrouble;
}

const TICK_MS = 1_000;
/** The first look comes after this time without a message. */
const IDLE_MS = 4_000;
/** A finding is reported if a second look, this much later, confirms it. */
const AGAIN_MS = 2_000;
const LONGEST_MS = 60_000;
/** The interval between looks while only they make a crowded queue deliver. */
const CROWDED_MS = 5_000;

export class SourceWatch {
  readonly #deps: SourceWatchDeps;
  readonly #depths: QueueDepths;
  readonly #found = new Map<string, FoundTrouble>();
  /** Queues with messages that were hidden behind others until a look made the broker load them. */
  readonly #crowded = new Set<string>();
  #suspected: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #looking = false;
  #nextAtMs = IDLE_MS;

  constructor(deps: SourceWatchDeps) {
    this.#deps = deps;
    this.#depths = new QueueDepths(deps.group);
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** The confirmed problems, in the order they were found; empty while messages come. */
  get found(): readonly FoundTrouble[] {
    return [...this.#found.values()];
  }

  /** The queues in which messages for the link stand behind others, or stood until a look made the broker load them. */
  get blockedBySelector(): readonly string[] {
    const found = this.found.filter(({ trouble }) => trouble.code === "BLOCKED_BY_SELECTOR").map(({ queue }) => queue);
    return [...new Set([...found, ...this.#crowded])];
  }

  /**
   * Looks after 4 s without a message, again 2 s later, and then less and less often, down to once a minute. Never
   * rejects.
   */
  async #tick(): Promise<void> {
    const idleMs = this.#deps.idleMs();
    if (idleMs < IDLE_MS) return this.#forget();
    if (this.#looking || idleMs < this.#nextAtMs) return;
    this.#looking = true;
    try {
      await this.#look();
    } finally {
      this.#looking = false;
    }
    const longest = this.#crowded.size > 0 || this.#found.size > 0 ? CROWDED_MS : LONGEST_MS;
    this.#nextAtMs = idleMs + (this.#suspected.size > 0 ? AGAIN_MS : Math.min(idleMs, longest));
  }

  async #look(): Promise<void> {
    const { queues, onChange, onFreed, group, browser, path, ownConsumers } = this.#deps;
    const suspected = new Set<string>();
    for (const queue of queues()) {
      const deps = { group, browser, path, ownConsumers, depths: this.#depths };
      const trouble = await lookIntoSource(queue, deps).catch(() => undefined);
      // The messages that the look made available may have been taken before the browser reached them.
      const came = this.#deps.idleMs() < IDLE_MS;
      if (trouble?.code === "BLOCKED_BY_SELECTOR" && (trouble.freed || came)) {
        this.#crowded.add(queue);
        onFreed({ queue, trouble });
        continue;
      }
      if (came) return this.#forget();
      this.#crowded.delete(queue);
      if (!trouble) this.#found.delete(queue);
      else if (this.#suspected.has(queue) || this.#found.has(queue)) this.#found.set(queue, { queue, trouble });
      else suspected.add(queue);
    }
    this.#suspected = suspected;
    onChange();
  }

  #forget(): void {
    this.#nextAtMs = IDLE_MS;
    this.#suspected = new Set();
    if (this.#found.size === 0) return;
    this.#found.clear();
    this.#deps.onChange();
  }
}

/** Returns the problem in words, with advice. */
export function troubleReason({ queue, trouble }: FoundTrouble): string {
  if (trouble.code === "BLOCKED_BY_SELECTOR")
    return `queue://${queue}: ${trouble.refused} messages that are not for this link stand in front of others, and the broker looks no further. Let a local consumer take them, raise maxPageSize in the policyEntry of a Classic queue, or max-read-page-bytes of an Artemis address`;
  const { stuck, names } = trouble;
  const which = names.length === 0 ? "" : ` (${names.join(", ")})`;
  return `queue://${queue}: ${stuck} ${stuck === 1 ? "message is" : "messages are"} not delivered though the link asks for them${which}: the broker cannot encode them for this protocol, or holds them back. Its log says why; take them out with a client of their sender's protocol`;
}
