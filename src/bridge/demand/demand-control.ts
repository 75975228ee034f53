/** Decides which sources a direction takes, from the consumers in its target group. */
import { startTimer } from "../../async/timer.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { type DestinationPattern, formatPattern, patternsOverlap } from "../routing/pattern.ts";
import type { Route } from "../routing/route.ts";
import { DemandWatch, type DemandWatchDeps } from "./demand-watch.ts";
import { isOfRoute, wantedSources } from "./wanted-sources.ts";

/** A destination of the source group to take messages from. */
export interface TakenSource {
  readonly pattern: DestinationPattern;
  /**
   * Whether this consumer takes messages that came from the target group and go back there, instead of those that have
   * not been there.
   */
  readonly returns: boolean;
}

export interface DemandControlDeps {
  readonly source: Connection;
  /** A connection for this control alone, not connected yet. It is closed with the control. */
  readonly target: Connection;
  readonly targetProtocol: Protocol;
  readonly route: Route;
  /** What to take if the broker does not report consumers: static destinations only, or nothing. */
  readonly whenUnavailable: "static" | "stop";
  /** The watch of consumers in the source group: messages that nobody consumes there may go back. */
  readonly local: () => DemandWatch | undefined;
  readonly take: (sources: readonly TakenSource[]) => void;
  /** Called when the wanted sources or the problem have changed. */
  readonly onChange: () => void;
  /** Called when the link cannot start. */
  readonly fail: (code: string, reason: string) => void;
  readonly onUnreadable: DemandWatchDeps["onUnreadable"];
  readonly openSession?: DemandWatchDeps["openSession"];
}

/** The most destinations taken at once: each of them is a consumer at the source. */
const MAX_TAKEN = 1_000;
/** A destination that has had no consumer for this long gives messages back. */
const RETURN_AFTER_MS = 1_000;

export class DemandControl {
  readonly watch: DemandWatch;
  readonly #deps: DemandControlDeps;
  /** For each destination of the source group, the `performance.now()` since which nobody consumes it. */
  readonly #idleSince = new Map<string, number>();
  #stopTimer: () => void = () => {};
  #isStarted = false;
  #problem: { readonly code: string; readonly reason: string } | undefined;

  constructor(deps: DemandControlDeps) {
    this.#deps = deps;
    const { target, targetProtocol } = deps;
    this.watch = new DemandWatch({
      connection: target,
      protocol: targetProtocol,
      isRelevant: (destination) => isOfRoute(this.#wanted, destination),
      onChange: deps.onChange,
      onUnreadable: deps.onUnreadable,
      ...(deps.openSession && { openSession: deps.openSession }),
    });
    target.on("failed", ({ code, message }) => deps.fail(code, `the watch of consumers: ${message}`));
  }

  /** Why some wanted destinations are not taken; undefined when all are. */
  get problem(): { readonly code: string; readonly reason: string } | undefined {
    return this.#problem;
  }

  /**
   * The source must be connected. Resolves when the target group has reported its consumers and `take` was called with
   * what is wanted.
   */
  async start(signal: AbortSignal): Promise<void> {
    await this.#deps.target.connect({ signal });
    await this.watch.start();
    const { state } = this.watch;
    const { whenUnavailable, fail } = this.#deps;
    if (state.name === "unavailable" && whenUnavailable === "stop") return fail("DEMAND_UNAVAILABLE", state.reason);
    this.#isStarted = true;
    this.look();
  }

  /** Calls `take` with what is wanted now. */
  look(): void {
    const { state, demanded } = this.watch;
    if (!this.#isStarted || state.name === "closed") return;
    if (state.name === "unavailable") {
      const { whenUnavailable, route } = this.#deps;
      this.#problem = { code: "DEMAND_UNAVAILABLE", reason: state.reason };
      this.#deps.take(whenUnavailable === "static" ? route.fixed.map(forwarded) : []);
      return;
    }
    const wanted = wantedSources(this.#wanted, demanded);
    const more = wanted.length - MAX_TAKEN;
    const reason = `${MAX_TAKEN} destinations are taken, and ${more} more have consumers`;
    this.#problem = more > 0 ? { code: "DEMAND_LIMIT", reason } : undefined;
    const taken = wanted.slice(0, MAX_TAKEN);
    this.#deps.take([...taken.map(forwarded), ...this.#returned(taken)]);
  }

  async close(): Promise<void> {
    this.#stopTimer();
    this.#isStarted = false;
    await this.watch.close();
    await this.#deps.target.close({ drainTimeoutMs: 0 });
  }

  get #wanted() {
    const { route, source } = this.#deps;
    return { route, queueWildcards: source.broker?.product !== "artemis" };
  }

  /** Returns those queues wanted at the target that have had no consumer at the source for a while. */
  #returned(taken: readonly DestinationPattern[]): TakenSource[] {
    this.#stopTimer();
    const local = this.#deps.local();
    const { fixed } = this.#deps.route;
    // The other direction takes static destinations in any case: what is given back to one would come again for ever.
    const isFixed = (pattern: DestinationPattern) => fixed.some((one) => patternsOverlap(one, pattern));
    const mayReturn = taken.filter((each) => each.kind === "queue" && !isFixed(each));
    const idle = local ? mayReturn.filter((each) => local.hasNoConsumer(each)) : [];
    const names = new Set(idle.map(formatPattern));
    for (const name of this.#idleSince.keys()) if (!names.has(name)) this.#idleSince.delete(name);
    const now = performance.now();
    const waits = idle.map((each) => {
      const since = this.#idleSince.get(formatPattern(each)) ?? now;
      this.#idleSince.set(formatPattern(each), since);
      return { pattern: each, leftMs: since + RETURN_AFTER_MS - now };
    });
    const left = waits.filter(({ leftMs }) => leftMs > 0).map(({ leftMs }) => leftMs);
    if (left.length > 0) this.#stopTimer = startTimer(Math.min(...left), () => this.look());
    return waits.filter(({ leftMs }) => leftMs <= 0).map(({ pattern }) => ({ pattern, returns: true }));
  }
}

function forwarded(pattern: DestinationPattern): TakenSource {
  return { pattern, returns: false };
}
