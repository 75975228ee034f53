/**
 * Finds one session after another by rounds over the endpoints, which p-retry repeats. Its memory outlasts a search.
 */
import pRetry, { AbortError as StopRetrying } from "p-retry";
import { type AttemptError, type MasterSlaveError, NoActiveEndpointError } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { OpenSession, Session } from "../dial/session.ts";
import { type AttemptLimits, type AttemptOutcome, superseded } from "./attempt.ts";
import type { EndpointAnswer } from "./endpoint-answers.ts";
import { EndpointList } from "./endpoint-list.ts";
import { guardPlaintext } from "./plaintext-guard.ts";
import { ReconnectPolicy, type ReconnectSettings } from "./reconnect-policy.ts";
import { type RoundResult, Search } from "./search.ts";
import { tellWhileWaiting } from "./tell-while-waiting.ts";

/** The settings of all searches. */
export interface SearchSettings extends AttemptLimits, ReconnectSettings {
  /** Whether each round tries the endpoints in a random order. */
  readonly randomize: boolean;
}

export interface FinderOptions<S extends Session> {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<S>;
  readonly settings: SearchSettings;
  /** An additional line for the errors of a search that found no session. */
  readonly note?: string | undefined;
}

/** What is reported while a search goes on. */
export interface FinderHooks<S extends Session> {
  readonly onAttempt: (endpoint: Endpoint, outcome: AttemptOutcome<S>) => void;
  readonly onRoundFailed: (error: MasterSlaveError) => void;
  /** The search has gone on for `waitedMs` milliseconds; `answers` has every endpoint, in list order. */
  readonly onWaiting: (waitedMs: number, answers: readonly EndpointAnswer[]) => void;
  /** A login was refused after the first session; it is tried again after `retryInMs` milliseconds. */
  readonly onLoginRefused: (error: AttemptError, retryInMs: number) => void;
}

export interface FoundSession<S extends Session> {
  readonly session: S;
  readonly endpoint: Endpoint;
}

export interface FindTerms {
  /** Whether there was no session before. */
  readonly first: boolean;
  /** How long to wait before the first round, in ms. */
  readonly delayMs: number;
  /** Ends the search. */
  readonly signal: AbortSignal;
}

export class SessionFinder<S extends Session> {
  readonly #endpoints: EndpointList;
  readonly #open: OpenSession<S>;
  readonly #options: FinderOptions<S>;
  readonly #hooks: FinderHooks<S>;
  readonly #policy: ReconnectPolicy;
  /** The current search, or the last one. */
  #search: Search<S> | undefined;

  constructor(options: FinderOptions<S>, hooks: FinderHooks<S>) {
    const { endpoints, open, settings } = options;
    this.#endpoints = new EndpointList(endpoints, settings);
    this.#open = guardPlaintext(open, endpoints);
    this.#options = options;
    this.#hooks = hooks;
    this.#policy = new ReconnectPolicy(settings);
  }

  /** How many more rounds may fail before the search ends; Infinity for no limit. */
  get roundsLeft(): number {
    return this.#policy.roundsLeft;
  }

  /** Adds endpoints that a broker named; they are tried after the user's own. Returns those that were not known yet. */
  addAlternates(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return this.#endpoints.addAlternates(endpoints);
  }

  /** Returns the last answer of each endpoint in this search. */
  answers(): readonly AttemptError[] {
    return this.#search?.answers(this.#endpoints.known) ?? [];
  }

  /** Notes the end of a session. Returns how long to wait before the first round, in ms. */
  sessionEnded(lastedMs: number, useful: boolean): number {
    return this.#policy.sessionEnded(lastedMs, useful);
  }

  /**
   * Repeats rounds until one finds a session. Rejects when no rounds are left, on a verdict `stop`, or when `signal`
   * fires.
   */
  async find({ first, delayMs, signal }: FindTerms): Promise<FoundSession<S>> {
    const search = this.#begin(first);
    const end = () => search.end();
    signal.addEventListener("abort", end, { once: true });
    const stopTelling = tellWhileWaiting((waitedMs) =>
      this.#hooks.onWaiting(waitedMs, search.told(this.#endpoints.known)),
    );
    let found: FoundSession<S> | undefined;
    try {
      await search.pause(Math.max(delayMs, this.#policy.logins.waitMs(performance.now())));
      return await pRetry(async () => (found = await this.#round(search, first, signal)), {
        retries: Math.max(0, this.#policy.roundsLeft - 1),
        minTimeout: 0,
        signal,
        // We wait here instead of p-retry, because our wait ends early if an attempt that is still open succeeds.
        onFailedAttempt: ({ retriesLeft }) =>
          retriesLeft > 0 ? search.pause(this.#policy.delayBeforeRound(performance.now())) : undefined,
      });
    } finally {
      stopTelling();
      signal.removeEventListener("abort", end);
      search.end();
      // p-retry drops a result that comes together with close().
      if (signal.aborted) found?.session.destroy(superseded(found.endpoint));
    }
  }

  #begin(first: boolean): Search<S> {
    const search = new Search(this.#open, this.#options.settings, {
      onAttempt: this.#hooks.onAttempt,
      onRefused: (error) => (first ? undefined : this.#loginRefused(error)),
      stopsAt: ({ code }) => first || code !== "AUTHENTICATION_FAILED",
    });
    this.#search = search;
    return search;
  }

  async #round(search: Search<S>, first: boolean, signal: AbortSignal): Promise<FoundSession<S>> {
    const { logins, roundsLeft } = this.#policy;
    const result = await search.round(this.#endpoints.inOrder(logins.refusedBy), { last: roundsLeft <= 1 });
    if (result.kind === "session") return result;
    signal.throwIfAborted();
    throw this.#roundFailed(result, first);
  }

  /** Returns what to tell p-retry: go on, or stop with this error. */
  #roundFailed({ failures, refused, stop }: RoundResult<S> & { readonly kind: "failed" }, first: boolean): Error {
    const { logins } = this.#policy;
    this.#policy.roundFailed();
    if (!refused && failures.every(({ code }) => code !== "ATTEMPT_TIMEOUT")) logins.noneRefused();
    const { note } = this.#options;
    const error = stop ?? new NoActiveEndpointError("No endpoint is active:", failures, { note });
    this.#hooks.onRoundFailed(error);
    if (stop) return new StopRetrying(stop);
    if (first && failures.length > 0 && failures.every(({ code }) => code === "WRONG_PROTOCOL"))
      return new StopRetrying(
        new NoActiveEndpointError("Every endpoint speaks another protocol:", failures, { retryable: false, note }),
      );
    return refused && logins.over ? new StopRetrying(refused) : error;
  }

  /** After the first session, refused credentials may mean a rotation under way, so they are tried again. */
  #loginRefused(error: AttemptError): void {
    const retryInMs = this.#policy.logins.refused(error, performance.now());
    if (retryInMs !== undefined) this.#hooks.onLoginRefused(error, retryInMs);
  }
}
