/** Knows which destinations of a group have a consumer, over failovers: each session of the group is asked anew. */
import { SpacedCalls } from "../../async/spaced-calls.ts";
import { startTimer } from "../../async/timer.ts";
import { textOf } from "../../errors/text-of.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";
import type { DestinationPattern } from "../routing/pattern.ts";
import { PatternSet } from "../routing/pattern-set.ts";
import type { DemandSession } from "./demand-session.ts";
import { afterDemandEvent, type DemandEvent, type DemandState } from "./demand-state.ts";
import { openDemandSession } from "./open-demand-session.ts";

export interface DemandWatchDeps {
  /** A connection for the watch alone: over STOMP a refused subscription ends its session. */
  readonly connection: Connection;
  readonly protocol: Protocol;
  readonly isRelevant: (destination: DestinationPattern) => boolean;
  /**
   * Called when the state changes or the set of destinations with a consumer does. Changes that happen together raise
   * one call, and there is at most one call in 100 ms.
   */
  readonly onChange: () => void;
  /** Called for each report about a consumer that cannot be read. It is left out. */
  readonly onUnreadable: () => void;
  /** Tests replace this function. */
  readonly openSession?: typeof openDemandSession;
}

/**
 * How long to wait before asking a broker again that does not report its consumers: its configuration may have been
 * fixed.
 */
const ASK_AGAIN_MS = 30_000;
/** Every consumer that comes or goes at the broker is a change, and what it means for the link takes a while to find out. */
const TELL_EVERY_MS = 100;
/**
 * After this many sessions in a row have ended before their broker reported its consumers, the broker counts as
 * refusing to.
 */
const MAX_LOST = 3;

export class DemandWatch {
  readonly #deps: DemandWatchDeps;
  /** Resolves once, when the consumers are known or it is certain that the broker does not report them. */
  readonly #answered: Promise<void>;
  #resolveAnswered: () => void = () => {};
  #state: DemandState = { name: "away" };
  /**
   * What the last session that finished its report found. It stays valid until the next session has finished its own.
   */
  #demanded = new PatternSet([]);
  #stopTimer: () => void = () => {};
  readonly #changes: SpacedCalls;
  /** How many sessions in a row ended before their broker had reported its consumers. */
  #lost = 0;

  constructor(deps: DemandWatchDeps) {
    this.#deps = deps;
    this.#answered = new Promise((resolve) => {
      this.#resolveAnswered = resolve;
    });
    this.#changes = new SpacedCalls(() => {
      this.#refresh();
      deps.onChange();
    }, TELL_EVERY_MS);
    const { connection } = deps;
    connection.on("interrupted", ({ cause }) => this.#sessionEnded(cause.message));
    connection.on("restored", () => void this.#ask());
  }

  get state(): DemandState {
    return this.#state;
  }

  /**
   * The destinations that have a consumer. While the group is away, those that had one before; empty if the broker does
   * not report consumers.
   */
  get demanded(): readonly DestinationPattern[] {
    return this.#demanded.patterns;
  }

  /** Whether no destination that this one covers has a consumer; false while that is not known. */
  hasNoConsumer(destination: DestinationPattern): boolean {
    return this.#state.name === "known" && !this.#demanded.overlaps(destination);
  }

  /**
   * Call it once the connection is connected. Resolves when every consumer is known, when the broker turns out not to
   * report them, or at close().
   */
  start(): Promise<void> {
    void this.#ask();
    return this.#answered;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const session = this.#session;
    if (!this.#enter("close", () => ({ name: "closed" }))) return;
    this.#stopTimer();
    this.#changes.cancel();
    await session?.close();
  }

  get #session(): DemandSession | undefined {
    return "session" in this.#state ? this.#state.session : undefined;
  }

  /** Goes to the state that the transition table names. Returns false when the event comes too late. */
  #enter(event: DemandEvent, make: () => DemandState): boolean {
    const next = afterDemandEvent(this.#state.name, event);
    if (next === undefined) return false;
    const state = make();
    if (state.name !== next) throw new Error(`${event} leads to ${next}, not to ${state.name}`);
    this.#state = state;
    if (next !== "asking" && next !== "away") this.#resolveAnswered();
    this.#changes.request();
    return true;
  }

  async #ask(): Promise<void> {
    if (this.#state.name !== "away") return;
    const { connection, protocol, isRelevant, openSession = openDemandSession } = this.#deps;
    let isOver = (): boolean => false;
    const session = openSession({
      connection,
      protocol,
      isRelevant,
      // Until the session has finished its report, what was known before holds.
      onChange: () => !isOver() && this.#state.name === "known" && this.#changes.request(),
      onUnreadable: () => this.#deps.onUnreadable(),
      onFailed: (reason) => !isOver() && this.#refused(session, reason),
    });
    isOver = () => this.#session !== session;
    this.#enter("session-begun", () => ({ name: "asking", session }));
    try {
      await session.ready;
      if (isOver()) return;
      this.#lost = 0;
      this.#enter("answered", () => ({ name: "known", session }));
      this.#refresh();
    } catch (thrown) {
      if (!isOver()) this.#refused(session, textOf(thrown));
    }
  }

  /** Takes over what the session has found since the last call of onChange. */
  #refresh(): void {
    if (this.#state.name === "known") this.#demanded = new PatternSet(this.#state.session.demanded());
  }

  #refused(session: DemandSession, reason: string): void {
    void session.close();
    this.#demanded = new PatternSet([]);
    this.#lost = 0;
    this.#enter("refused", () => ({ name: "unavailable", reason }));
    this.#stopTimer = startTimer(ASK_AGAIN_MS, () => {
      this.#enter("asked-again", () => ({ name: "away" }));
      if (this.#deps.connection.endpoint !== undefined) void this.#ask();
    });
  }

  #sessionEnded(cause: string): void {
    const session = this.#session;
    if (!session) return;
    this.#refresh();
    if (this.#state.name === "asking") this.#lost += 1;
    if (this.#lost >= MAX_LOST) this.#refused(session, cause);
    else {
      void session.close();
      this.#enter("session-ended", () => ({ name: "away" }));
    }
  }
}
