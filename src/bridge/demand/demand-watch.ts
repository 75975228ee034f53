/** Knows which destinations of a group have a consumer, over failovers: each session of the group is asked anew. */
import { startTimer } from "../../async/timer.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { type DestinationPattern, patternsOverlap } from "../routing/pattern.ts";
import { type DemandSession, reasonOf } from "./demand-session.ts";
import { afterDemandEvent, type DemandEvent, type DemandState } from "./demand-state.ts";
import { openDemandSession } from "./open-demand-session.ts";

export interface DemandWatchDeps {
  /** Of the watch alone: over STOMP a refused subscription ends the session. */
  readonly connection: Connection;
  readonly protocol: Protocol;
  readonly isRelevant: (destination: DestinationPattern) => boolean;
  /** The state is another, or what has a consumer. Calls that fall together are made once. */
  readonly onChange: () => void;
  /** Tests put another in its place. */
  readonly openSession?: typeof openDemandSession;
}

/** A broker that does not tell is asked again after so long: its configuration may have been mended. */
const ASK_AGAIN_MS = 30_000;
/** So many sessions in a row that ended before their broker had told: it refuses to. */
const MAX_LOST = 3;

export class DemandWatch {
  readonly #deps: DemandWatchDeps;
  /** Told once, or the broker does not tell. */
  readonly #answered: Promise<void>;
  #resolveAnswered: () => void = () => {};
  #state: DemandState = { name: "away" };
  /** What the last session that was known has told: it holds until the next one tells. */
  #demanded: readonly DestinationPattern[] = [];
  #stopTimer: () => void = () => {};
  #isTelling = false;
  /** Sessions in a row that ended while they were asked. */
  #lost = 0;

  constructor(deps: DemandWatchDeps) {
    this.#deps = deps;
    this.#answered = new Promise((resolve) => {
      this.#resolveAnswered = resolve;
    });
    const { connection } = deps;
    connection.on("interrupted", ({ cause }) => this.#sessionEnded(cause.message));
    connection.on("restored", () => void this.#ask());
  }

  get state(): DemandState {
    return this.#state;
  }

  /** What has a consumer; what had one before, while the group is away; nothing where the broker does not tell. */
  get demanded(): readonly DestinationPattern[] {
    return this.#demanded;
  }

  /** Whether nothing that the destination covers has a consumer; false while that is not known. */
  hasNoConsumer(destination: DestinationPattern): boolean {
    return this.#state.name === "known" && !this.#demanded.some((each) => patternsOverlap(each, destination));
  }

  /** Call it when the connection is connected. Resolves when every consumer is known, or the broker does not tell, or at close(). */
  start(): Promise<void> {
    void this.#ask();
    return this.#answered;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    const session = this.#session;
    if (!this.#enter("close", () => ({ name: "closed" }))) return;
    this.#stopTimer();
    await session?.close();
  }

  get #session(): DemandSession | undefined {
    return "session" in this.#state ? this.#state.session : undefined;
  }

  /** Goes to the state that the table names; false when the event comes too late. */
  #enter(event: DemandEvent, make: () => DemandState): boolean {
    const next = afterDemandEvent(this.#state.name, event);
    if (next === undefined) return false;
    const state = make();
    if (state.name !== next) throw new Error(`${event} leads to ${next}, not to ${state.name}`);
    this.#state = state;
    if (next !== "asking" && next !== "away") this.#resolveAnswered();
    this.#tell();
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
      onChange: () => !isOver() && this.#changed(session),
      onFailed: (reason) => !isOver() && this.#refused(session, reason),
    });
    isOver = () => this.#session !== session;
    this.#enter("session-begun", () => ({ name: "asking", session }));
    try {
      await session.ready;
      if (isOver()) return;
      this.#lost = 0;
      this.#demanded = session.demanded();
      this.#enter("answered", () => ({ name: "known", session }));
    } catch (thrown) {
      if (!isOver()) this.#refused(session, reasonOf(thrown));
    }
  }

  #changed(session: DemandSession): void {
    if (this.#state.name !== "known") return;
    this.#demanded = session.demanded();
    this.#tell();
  }

  #refused(session: DemandSession, reason: string): void {
    void session.close();
    this.#demanded = [];
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
    if (this.#state.name === "asking") this.#lost += 1;
    if (this.#lost >= MAX_LOST) this.#refused(session, cause);
    else {
      void session.close();
      this.#enter("session-ended", () => ({ name: "away" }));
    }
  }

  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      this.#deps.onChange();
    });
  }
}
