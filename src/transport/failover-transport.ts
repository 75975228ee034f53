/** Reaches the active endpoint of a group, holds exactly one session, and finds the next active one when it ends. */
import pRetry, { AbortError as StopRetrying } from "p-retry";
import { IsolatedEmitter } from "../async/isolated-emitter.ts";
import { onAbort } from "../async/on-abort.ts";
import { LONGEST_TIMER_MS } from "../async/timer-limit.ts";
import {
  AbortError,
  type AttemptError,
  addressOf,
  ConnectionClosedError,
  ConnectTimeoutError,
  type EndpointAddress,
  InvalidArgumentError,
  MasterSlaveError,
  NoActiveEndpointError,
} from "../errors/errors.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import { type ConnectionState, type StateEvent, transition } from "./connection-state.ts";
import { closeSession, type Session, type SessionEnd } from "./dial/session.ts";
import { type AttemptOutcome, superseded } from "./search/attempt.ts";
import { EndpointList } from "./search/endpoint-list.ts";
import { guardPlaintext } from "./search/plaintext-guard.ts";
import { ReconnectPolicy } from "./search/reconnect-policy.ts";
import { Search } from "./search/search.ts";
import { observerFailure, type TransportObserver } from "./transport-observer.ts";
import type { ConnectLimits, FailoverTransportOptions, TransportEvents } from "./transport-options.ts";

export class FailoverTransport<S extends Session> extends IsolatedEmitter<TransportEvents<S>> {
  readonly #endpoints: EndpointList;
  readonly #options: FailoverTransportOptions<S>;
  readonly #policy: ReconnectPolicy;
  readonly #abort = new AbortController();
  #state: ConnectionState<S> = { name: "idle" };
  #holding: Promise<void> = Promise.resolve();
  /** Settles connect(); no listener, nor its removal, can get in the way. */
  #settleConnect: (failure?: MasterSlaveError) => void = () => {};
  /** The search that is under way, or was the last one. */
  #search: Search<S> | undefined;

  constructor(options: FailoverTransportOptions<S>) {
    super();
    const { endpoints, open, settings } = options;
    this.#endpoints = new EndpointList(endpoints, settings);
    this.#options = { ...options, open: guardPlaintext(open, endpoints) };
    this.#policy = new ReconnectPolicy(settings);
  }

  get state(): ConnectionState<S> {
    return this.#state;
  }

  /** Adds endpoints a broker told of; they are tried after the user's own. Returns those that were not known yet. */
  addAlternates(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return this.#endpoints.addAlternates(endpoints);
  }

  /**
   * Starts; call it once. Resolves when the first session is established (after the listeners of `established`).
   * Rejects, and the transport is closed for good, with AuthenticationError or another verdict `stop`; with
   * NoActiveEndpointError when the rounds are used up; with ConnectTimeoutError; with AbortError when `signal` fires
   * before that; with ConnectionClosedError when `close()` comes first; with InvalidArgumentError when it was called before.
   */
  async connect(options: ConnectLimits = {}): Promise<void> {
    this.#requireIdle();
    if (options.signal?.aborted) {
      const aborted = new AbortError("Connecting was aborted before it began", options.signal.reason);
      this.#become({ type: "connect" });
      this.#giveUp(aborted);
      throw aborted;
    }
    this.#become({ type: "connect" });
    const forgetLimits = this.#limitConnect(options);
    const established = new Promise<void>((resolve, reject) => {
      this.#settleConnect = (failure) => (failure ? reject(failure) : resolve());
    });
    this.#holding = this.#hold();
    await established.finally(forgetLimits);
  }

  /** From any state; idempotent. Resolves when nothing is left open: an open session is given until `signal` fires to leave. */
  async close(signal: AbortSignal): Promise<void> {
    const state = this.#state;
    if (state.name !== "closed" && state.name !== "closing") {
      this.#become({ type: "close" });
      this.#abort.abort(new ConnectionClosedError("The connection was closed"));
      this.#holding = this.#leave(state, this.#holding, signal);
    }
    await this.#holding;
  }

  async #leave(state: ConnectionState<S>, holding: Promise<void>, signal: AbortSignal): Promise<void> {
    if (state.name === "connected") {
      await closeSession(state.session, signal);
      this.#become({ type: "session-closed" });
    }
    await holding;
    this.emit("closed", this.#tellEnded(undefined));
    this.#settleConnect(new ConnectionClosedError("close() was called before a session was established"));
  }

  /** The one owner of retry: search, hold, search again, until closed or given up. Never rejects. */
  async #hold(): Promise<void> {
    try {
      let lostAtMs: number | undefined;
      let delayMs = 0;
      while (!this.#abort.signal.aborted) {
        const { session, endpoint } = await this.#find(delayMs);
        if (this.#abort.signal.aborted) return session.destroy(superseded(endpoint));
        this.#connected(session, endpoint, lostAtMs);
        const sinceMs = performance.now();
        const end = await session.ended;
        if (this.#abort.signal.aborted) return;
        lostAtMs = end.atMs;
        // What breaks the protocol comes again with the next session: a delivery no parser can read must not make a hot loop.
        const useful = session.useful && end.error.code !== "PROTOCOL_ERROR";
        delayMs = this.#policy.sessionEnded(end.atMs - sinceMs, useful);
        if (this.#policy.roundsLeft === 0)
          throw new NoActiveEndpointError(`The session ended and no reconnect is allowed: ${end.error.message}`, [], {
            cause: end.error,
            note: this.#options.note,
          });
        this.#interrupted(end);
      }
    } catch (reason) {
      this.#fail(MasterSlaveError.from(reason));
    }
  }

  /** Rounds under p-retry until one has a session. Rejects when they are used up, on a verdict `stop`, or when closed. */
  async #find(delayMs: number): Promise<{ session: S; endpoint: Endpoint }> {
    const { signal } = this.#abort;
    const first = this.#state.name === "connecting";
    const search = new Search(this.#options.open, this.#options.settings, {
      onAttempt: (endpoint, outcome) => this.#reportAttempt(endpoint, outcome),
      onRefused: (error) => (first ? undefined : this.#loginRefused(error)),
      stopsAt: ({ code }) => first || code !== "AUTHENTICATION_FAILED",
    });
    this.#search = search;
    const end = () => search.end();
    signal.addEventListener("abort", end, { once: true });
    let found: { session: S; endpoint: Endpoint } | undefined;
    try {
      await search.pause(Math.max(delayMs, this.#policy.logins.waitMs(performance.now())));
      return await pRetry(async () => (found = await this.#round(search, first)), {
        retries: Math.max(0, this.#policy.roundsLeft - 1),
        minTimeout: 0,
        signal,
        // The waiting is ours: it ends when an attempt that was left open succeeds.
        onFailedAttempt: ({ retriesLeft }) =>
          retriesLeft > 0 ? search.pause(this.#policy.delayBeforeRound(performance.now())) : undefined,
      });
    } finally {
      signal.removeEventListener("abort", end);
      search.end();
      // p-retry drops a result that comes together with close().
      if (signal.aborted) found?.session.destroy(superseded(found.endpoint));
    }
  }

  async #round(search: Search<S>, first: boolean): Promise<{ session: S; endpoint: Endpoint }> {
    const { logins, roundsLeft } = this.#policy;
    const result = await search.round(this.#endpoints.inOrder(logins.refusedBy), { last: roundsLeft <= 1 });
    if (result.kind === "session") return result;
    this.#abort.signal.throwIfAborted();
    const { failures, refused, stop } = result;
    this.#policy.roundFailed();
    if (!refused && failures.every(({ code }) => code !== "ATTEMPT_TIMEOUT")) logins.noneRefused();
    const wrongPorts = first && failures.length > 0 && failures.every(({ code }) => code === "WRONG_PROTOCOL");
    const { note } = this.#options;
    const error = stop ?? new NoActiveEndpointError("No endpoint is active:", failures, { note });
    this.#become({ type: "round-failed", error });
    if (stop) throw new StopRetrying(stop);
    if (wrongPorts)
      throw new StopRetrying(
        new NoActiveEndpointError("Every endpoint speaks another protocol:", failures, { retryable: false, note }),
      );
    if (refused && logins.over) throw new StopRetrying(refused);
    throw error;
  }

  /** Once connected, refused credentials may be a rotation under way: they are asked again. */
  #loginRefused(error: AttemptError): void {
    const retryInMs = this.#policy.logins.refused(error, performance.now());
    if (retryInMs !== undefined) this.#options.observer?.loginRefused?.(error, retryInMs);
  }

  #connected(session: S, endpoint: Endpoint, lostAtMs: number | undefined): void {
    const atMs = performance.now();
    const address = addressOf(endpoint);
    this.#become({ type: "session-opened", session, endpoint: address, atMs });
    if (lostAtMs === undefined) {
      this.#restore("Using the first session", session, address, (to) => to.established(session, address));
      this.emit("established", { endpoint: address, session });
      this.#settleConnect();
    } else {
      const outageMs = atMs - lostAtMs;
      this.#restore("Restoring on the new session", session, address, (to) => to.restored(session, address, outageMs));
      this.emit("restored", { endpoint: address, session, outageMs });
    }
  }

  /** Lets the observer use a session. Throws INTERNAL when it throws; ends the connection with it when it rejects later. */
  #restore(
    what: string,
    session: S,
    endpoint: EndpointAddress,
    act: (to: TransportObserver<S>) => void | Promise<void>,
  ): void {
    const { observer } = this.#options;
    if (!observer) return;
    try {
      act(observer)?.catch((reason: unknown) => {
        // What cannot be restored on a session that has ended is restored on the next one.
        const current = this.#state.name === "connected" && this.#state.session === session;
        if (current) this.#fail(observerFailure(what, reason, endpoint));
      });
    } catch (reason) {
      throw observerFailure(what, reason, endpoint);
    }
  }

  #interrupted({ error, atMs }: SessionEnd): void {
    if (this.#state.name !== "connected") return;
    const { endpoint } = this.#state;
    this.#become({ type: "session-lost", cause: error, atMs });
    try {
      this.#options.observer?.interrupted({ endpoint, cause: error, atMs });
    } catch (reason) {
      throw observerFailure("Holding what the lost session left", reason, endpoint);
    }
    this.emit("interrupted", { endpoint, cause: error, atMs });
  }

  /** Ends the connection for good, in whichever state. No effect once it is being closed. */
  #fail(failure: MasterSlaveError): void {
    const state = this.#state;
    if (state.name === "closing" || state.name === "closed") return;
    this.#abort.abort(failure);
    if (state.name === "connected") state.session.destroy(failure);
    this.#giveUp(failure);
  }

  #giveUp(failure: MasterSlaveError): void {
    this.#become({ type: "gave-up", failure });
    this.#tellEnded(failure);
    this.emit("failed", failure);
    this.emit("closed", failure);
    this.#settleConnect(failure);
  }

  /** Returns what ended the connection: `failure`, or the observer's own throw after `close()`. */
  #tellEnded(failure: MasterSlaveError | undefined): MasterSlaveError | undefined {
    try {
      this.#options.observer?.ended(failure);
      return failure;
    } catch (reason) {
      const mistake = observerFailure("Ending what the connection held", reason);
      if (failure) process.emitWarning(mistake);
      return failure ?? mistake;
    }
  }

  #requireIdle(): void {
    const { name } = this.#state;
    if (name === "idle") return;
    if (name === "closing" || name === "closed")
      throw new ConnectionClosedError("connect() was called on a connection that is closed: make a new one");
    throw new InvalidArgumentError(`connect() was called in the state ${name}: call it once, on a new connection`);
  }

  /** Ends the search for the first session when the caller's signal or time says so; returns what forgets both. */
  #limitConnect({ signal, connectTimeoutMs }: ConnectLimits): () => void {
    const fail = (failure: MasterSlaveError) => {
      if (this.#state.name === "connecting") this.#fail(failure);
    };
    const forget = signal && onAbort(signal, () => fail(new AbortError("Connecting was aborted", signal.reason)));
    const onTimeout = () => {
      const attempts = this.#search?.answers(this.#endpoints.inOrder()) ?? [];
      fail(new ConnectTimeoutError(`No endpoint became active within connectTimeoutMs=${connectTimeoutMs}:`, attempts));
    };
    // 0 is none, as in the option table.
    const timer = connectTimeoutMs ? setTimeout(onTimeout, Math.min(connectTimeoutMs, LONGEST_TIMER_MS)) : undefined;
    return () => {
      clearTimeout(timer);
      forget?.();
    };
  }

  #reportAttempt(endpoint: Endpoint, outcome: AttemptOutcome<S>): void {
    this.emit("attempt", {
      endpoint: addressOf(endpoint),
      outcome: outcome.kind === "session" ? "session" : outcome.error,
    });
  }

  #become(event: StateEvent<S>): void {
    this.#state = transition(this.#state, event);
  }
}
