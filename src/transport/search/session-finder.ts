/** Finds one session after the other: rounds over the endpoints under p-retry, with the memory that outlasts a search. */
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

/** What a search is told once. */
export interface SearchSettings extends AttemptLimits, ReconnectSettings {
  /** Each round in an order of its own. */
  readonly randomize: boolean;
}

export interface FinderOptions<S extends Session> {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<S>;
  readonly settings: SearchSettings;
  /** A line for the errors of a search that found nobody. */
  readonly note?: string | undefined;
}

/** What is told of a search while it goes on. */
export interface FinderHooks<S extends Session> {
  readonly onAttempt: (endpoint: Endpoint, outcome: AttemptOutcome<S>) => void;
  readonly onRoundFailed: (error: MasterSlaveError) => void;
  /** It goes on for `waitedMs` milliseconds already; `answers` has every endpoint, in list order. */
  readonly onWaiting: (waitedMs: number, answers: readonly EndpointAnswer[]) => void;
  /** After a first session a login was refused; it is asked again after `retryInMs` milliseconds. */
  readonly onLoginRefused: (error: AttemptError, retryInMs: number) => void;
}

export interface FoundSession<S extends Session> {
  readonly session: S;
  readonly endpoint: Endpoint;
}

export interface FindTerms {
  /** There was no session before. */
  readonly first: boolean;
  /** To wait before the first round, ms. */
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
  /** The search that is under way, or was the last one. */
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

  /** Adds endpoints a broker told of; they are tried after the user's own. Returns those that were not known yet. */
  addAlternates(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return this.#endpoints.addAlternates(endpoints);
  }

  /** What each endpoint answered last in this search. */
  answers(): readonly AttemptError[] {
    return this.#search?.answers(this.#endpoints.known) ?? [];
  }

  /** A session ended. Returns how long to wait before the first round, ms. */
  sessionEnded(lastedMs: number, useful: boolean): number {
    return this.#policy.sessionEnded(lastedMs, useful);
  }

  /** Rounds until one has a session. Rejects when they are used up, on a verdict `stop`, or when `signal` fires. */
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
        // The waiting is ours: it ends when an attempt that was left open succeeds.
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

  /** Returns what p-retry is to be told: to go on, or to stop with why. */
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

  /** Once connected, refused credentials may be a rotation under way: they are asked again. */
  #loginRefused(error: AttemptError): void {
    const retryInMs = this.#policy.logins.refused(error, performance.now());
    if (retryInMs !== undefined) this.#hooks.onLoginRefused(error, retryInMs);
  }
}
