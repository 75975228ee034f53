/** Everything that watches one direction of a link: its canary, its source's queues, and the names of its groups. */
import type { InFlightBudget } from "../forwarding/budget.ts";
import type { Gate } from "../forwarding/gate.ts";
import { Canary } from "./canary.ts";
import { type CanaryStatus, NO_CANARY } from "./canary-figures.ts";
import type { GroupNames, NameCaller } from "./group-names.ts";
import { SourceWatch, type SourceWatchDeps, troubleReason } from "./source-watch.ts";
import type { Warn, WatchedGroup } from "./watched-group.ts";

export interface LinkWatchDeps {
  readonly link: string;
  readonly source: WatchedGroup;
  readonly target: WatchedGroup;
  /** The interval between canaries in ms; undefined for a link without a canary. */
  readonly canaryMs: number | undefined;
  readonly names: GroupNames;
  readonly budget: InFlightBudget;
  readonly gate: Gate;
  readonly warn: Warn;
  readonly queues: Omit<SourceWatchDeps, "onFreed">;
}

export class LinkWatch {
  readonly #deps: LinkWatchDeps;
  readonly #canary: Canary | undefined;
  readonly #queues: SourceWatch;
  readonly #callers: NameCaller[] = [];

  constructor(deps: LinkWatchDeps) {
    const { link, source, target, canaryMs, budget, gate, warn, queues } = deps;
    this.#deps = deps;
    this.#queues = new SourceWatch({
      ...queues,
      onFreed: (found) =>
        warn({ group: source.name, code: found.trouble.code, message: `${troubleReason(found)}. A look brought them` }),
    });
    for (const { name, connection } of [source, target])
      connection.on("warning", ({ code, message }) => warn({ group: name, code, message }));
    if (canaryMs === undefined) return;
    this.#canary = new Canary({
      link,
      source,
      target,
      intervalMs: canaryMs,
      isOpen: () => gate.isOpen,
      acquire: (bytes) => budget.acquire(bytes),
      release: (bytes) => budget.release(bytes),
      warn,
    });
  }

  /** Call it when the link has asked for its messages. */
  start(): void {
    const { canaryMs, source, target, names, warn } = this.#deps;
    this.#queues.start();
    if (canaryMs === undefined) return;
    this.#canary?.start();
    for (const group of [source, target]) {
      const caller = names.callerOf(group, warn);
      caller?.start(canaryMs);
      if (caller) this.#callers.push(caller);
    }
  }

  /** Stops every timer and consumer; idempotent. */
  close(): void {
    this.#canary?.close();
    this.#queues.close();
    for (const caller of this.#callers) caller.close();
  }

  get canary(): CanaryStatus {
    return this.#canary?.status ?? NO_CANARY;
  }

  /** The queues of the source in which messages for the link stand behind others. */
  get blockedBySelector(): readonly string[] {
    return this.#queues.blockedBySelector;
  }

  /** Why no message moves although everything is connected; `movedAtMs` is the `Date.now()` of the last progress. */
  trouble(movedAtMs: number | undefined): { readonly code: string; readonly reason: string } | undefined {
    const [first] = this.#queues.found;
    if (first) return { code: first.trouble.code, reason: troubleReason(first) };
    const lateMs = this.#canary?.lateMs ?? 0;
    if (lateMs === 0 || (movedAtMs !== undefined && Date.now() - movedAtMs < lateMs)) return undefined;
    return { code: "CANARY_LATE", reason: `no canary has arrived for ${Math.round(lateMs / 1000)} s, and no message` };
  }
}
