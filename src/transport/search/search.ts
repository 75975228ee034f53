/** Rounds over the endpoints, and the attempts that outlast a round. */

import { LONGEST_TIMER_MS } from "../../async/timer-limit.ts";
import type { AttemptError } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { OpenSession, Session } from "../dial/session.ts";
import { SpeakingTurns } from "../dial/speaking-turns.ts";
import { Attempt, type AttemptLimits, type AttemptOutcome, heldBack, superseded } from "./attempt.ts";
import { type EndpointAnswer, EndpointAnswers } from "./endpoint-answers.ts";
import { identity } from "./endpoint-list.ts";

export type RoundResult<S extends Session> =
  | { readonly kind: "session"; readonly session: S; readonly endpoint: Endpoint }
  /**
   * `failures` has the last failure of every endpoint that was tried, in list order; ATTEMPT_TIMEOUT for an attempt
   * that is still open.
   */
  | {
      readonly kind: "failed";
      readonly failures: readonly AttemptError[];
      /** The refused login since the previous round, even if that endpoint has been dialled again already. */
      readonly refused: AttemptError | undefined;
      readonly stop: AttemptError | undefined;
    };

/**
 * The most that the deadline of an endpoint grows, in multiples of `attemptTimeout`, if it accepts and does not answer.
 */
const MOST_PATIENCE = 8;

export interface SearchHooks<S extends Session> {
  readonly onAttempt: (endpoint: Endpoint, outcome: AttemptOutcome<S>) => void;
  /** Called when a login was refused, during or between rounds. */
  readonly onRefused: (error: AttemptError) => void;
  /** Whether a failure with the verdict `stop` ends the search at once. */
  readonly stopsAt: (error: AttemptError) => boolean;
}

/**
 * The search for one session: rounds, and between them the attempts that have not answered. An endpoint is never
 * dialled while an attempt at it is open, and an open attempt delays the others only for its stagger.
 */
export class Search<S extends Session> {
  readonly #open: OpenSession<S>;
  readonly #limits: AttemptLimits;
  readonly #hooks: SearchHooks<S>;
  readonly #turns: SpeakingTurns;
  readonly #pending = new Map<string, Attempt<S>>();
  readonly #answers = new EndpointAnswers();
  /** By which factor the next attempt at an endpoint may last longer. */
  readonly #patience = new Map<string, number>();
  readonly #wakes = new Set<() => void>();
  #finished: { attempt: Attempt<S>; session: S }[] = [];
  #refused: AttemptError | undefined;
  #stop: AttemptError | undefined;
  #over = false;

  constructor(open: OpenSession<S>, limits: AttemptLimits, hooks: SearchHooks<S>) {
    this.#open = open;
    this.#limits = limits;
    this.#hooks = hooks;
    this.#turns = new SpeakingTurns(limits.attemptStagger);
  }

  /**
   * Tries the endpoints in order. Ends with the first session, a verdict `stop`, a refused login, or when each endpoint
   * has answered or had its stagger. The `last` round waits for every answer, because no later round could use it.
   */
  async round(endpoints: readonly Endpoint[], { last }: { readonly last: boolean }): Promise<RoundResult<S>> {
    let dialled = 0;
    for (const endpoint of endpoints) {
      if (this.#roundOver()) break;
      if (this.#pending.has(identity(endpoint))) continue;
      dialled += 1;
      await this.#answerOrStagger(this.#start(endpoint));
    }
    // Every endpoint is still being tried: wait for the first answer instead of counting an idle round.
    if (dialled === 0 && !this.#roundOver()) await this.#change();
    while (last && this.#pending.size > 0 && !this.#roundOver()) await this.#change();
    return this.#result(endpoints);
  }

  /** Waits `ms`, or until an open attempt succeeds. */
  async pause(ms: number): Promise<void> {
    const until = performance.now() + ms;
    for (let left = ms; left > 0 && !this.#decided(); left = until - performance.now()) await this.#change(left);
  }

  /** The last answer of each endpoint, in order; without an answer, how far its attempt has come. */
  answers(endpoints: readonly Endpoint[]): readonly AttemptError[] {
    return endpoints.map((endpoint) => this.#answers.lastOf(endpoint, this.#pending.get(identity(endpoint))));
  }

  /** The same for the event `waiting`: how often each was tried, and since when it answers so. */
  told(endpoints: readonly Endpoint[]): readonly EndpointAnswer[] {
    return endpoints.map((endpoint) => this.#answers.told(endpoint, this.#pending.get(identity(endpoint))));
  }

  /**
   * Gives up every open attempt and destroys sessions that were opened but not taken; waits end at once. Idempotent.
   */
  end(): void {
    this.#over = true;
    this.#turns.end();
    for (const attempt of this.#pending.values()) attempt.cancel(superseded(attempt.endpoint));
    for (const { attempt, session } of this.#finished) this.#discard(attempt, session);
    this.#finished = [];
    this.#wake();
  }

  #discard({ endpoint }: Attempt<S>, session: S): void {
    const error = superseded(endpoint);
    session.destroy(error);
    this.#hooks.onAttempt(endpoint, { kind: "failed", error });
  }

  #start(endpoint: Endpoint): Attempt<S> {
    const patience = this.#patience.get(identity(endpoint)) ?? 1;
    const attemptTimeout = Math.min(this.#limits.attemptTimeout * patience, LONGEST_TIMER_MS);
    const limits = { ...this.#limits, attemptTimeout };
    const attempt = new Attempt(endpoint, this.#open, limits, this.#turns, (from, outcome) =>
      this.#answered(from, outcome),
    );
    this.#pending.set(identity(endpoint), attempt);
    this.#answers.tried(endpoint);
    return attempt;
  }

  #answered(attempt: Attempt<S>, outcome: AttemptOutcome<S>): void {
    this.#pending.delete(identity(attempt.endpoint));
    if (outcome.kind === "session") {
      this.#turns.end();
      this.#finished.push({ attempt, session: outcome.session });
      // Wait for the end of this turn: if two handshakes finish together, the one earlier in the list wins.
      setImmediate(() => this.#wake());
    } else {
      this.#answers.failed(attempt.endpoint, outcome.error);
      this.#learnPatience(attempt, outcome.error);
      if (outcome.error.code === "AUTHENTICATION_FAILED") this.#loginRefused(outcome.error);
      if (outcome.error.verdict === "stop" && this.#hooks.stopsAt(outcome.error)) {
        this.#turns.end();
        this.#stop ??= outcome.error;
      }
      this.#hooks.onAttempt(attempt.endpoint, outcome);
      this.#wake();
    }
  }

  /**
   * A broker that a whole fleet connects to at once answers in the order of its queue. A client that gives up goes to
   * the end of the queue and leaves a dead entry in it. With a constant timeout the broker would be busy with dead
   * entries, and no client would get through, so the timeout grows.
   */
  #learnPatience({ endpoint, unheard }: Attempt<S>, { code }: AttemptError): void {
    const key = identity(endpoint);
    if (code !== "ATTEMPT_TIMEOUT" || !unheard) this.#patience.delete(key);
    else this.#patience.set(key, Math.min(2 * (this.#patience.get(key) ?? 1), MOST_PATIENCE));
  }

  /** `attemptStagger` 0 waits for the answer, however long: one endpoint at a time. */
  async #answerOrStagger(attempt: Attempt<S>): Promise<void> {
    const { attemptStagger } = this.#limits;
    const until = performance.now() + attemptStagger;
    while (!attempt.answered && !this.#roundOver()) {
      const left = until - performance.now();
      if (attemptStagger > 0 && left <= 0) return;
      await this.#change(attemptStagger > 0 ? left : undefined);
    }
  }

  /**
   * No other endpoint may see the login before its retry time: attempts that have not asked for it yet are given up.
   */
  #loginRefused(error: AttemptError): void {
    this.#refused = error;
    this.#hooks.onRefused(error);
    const silent = [...this.#pending.values()].filter(({ unheard }) => !unheard);
    for (const attempt of silent) attempt.cancel(heldBack(attempt.endpoint));
  }

  #roundOver(): boolean {
    return this.#decided() || this.#refused !== undefined;
  }

  #decided(): boolean {
    return this.#over || this.#finished.length > 0 || this.#stop !== undefined;
  }

  #result(endpoints: readonly Endpoint[]): RoundResult<S> {
    const order = endpoints.map(identity);
    const rank = ({ attempt }: { attempt: Attempt<S> }) => order.indexOf(identity(attempt.endpoint));
    const [winner, ...losers] = this.#finished.sort((a, b) => rank(a) - rank(b));
    this.#finished = losers;
    if (!winner) {
      const failures = endpoints.flatMap(
        (endpoint) => this.#pending.get(identity(endpoint))?.unanswered() ?? this.#answers.errorOf(endpoint) ?? [],
      );
      const refused = this.#refused;
      this.#refused = undefined;
      return { kind: "failed", failures, refused, stop: this.#stop };
    }
    const { endpoint } = winner.attempt;
    this.#hooks.onAttempt(endpoint, { kind: "session", session: winner.session });
    return { kind: "session", session: winner.session, endpoint };
  }

  /** Resolves at the next answer of any attempt, or after the given time. */
  #change(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wakes.delete(wake);
        resolve();
      };
      const timer =
        timeoutMs === undefined ? undefined : setTimeout(wake, Math.min(Math.ceil(timeoutMs), LONGEST_TIMER_MS));
      this.#wakes.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#wakes]) wake();
  }
}
