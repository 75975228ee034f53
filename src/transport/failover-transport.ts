/**
 * Finds the active endpoint of a group, holds exactly one session, and finds the next active endpoint when the session
 * ends.
 */
import { IsolatedEmitter } from "../async/isolated-emitter.ts";
import { timeOfDay } from "../async/time-of-day.ts";
import {
  AbortError,
  addressOf,
  ConnectionClosedError,
  type EndpointAddress,
  InvalidArgumentError,
  MasterSlaveError,
  NoActiveEndpointError,
} from "../errors/errors.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import { limitConnect } from "./connect-limits.ts";
import { type ConnectionState, type StateEvent, transition } from "./connection-state.ts";
import { closeSession, type Session, type SessionEnd } from "./dial/session.ts";
import { type AttemptOutcome, superseded } from "./search/attempt.ts";
import type { EndpointAnswer } from "./search/endpoint-answers.ts";
import { SessionFinder } from "./search/session-finder.ts";
import { TRANSPORT_EMITTER, type TransportEvents } from "./transport-events.ts";
import { observerFailure, type TransportObserver } from "./transport-observer.ts";
import type { ConnectLimits, FailoverTransportOptions } from "./transport-options.ts";

export class FailoverTransport<S extends Session> extends IsolatedEmitter<TransportEvents<S>> {
  readonly #options: FailoverTransportOptions<S>;
  readonly #finder: SessionFinder<S>;
  readonly #abort = new AbortController();
  #state: ConnectionState<S> = { name: "idle" };
  #holding: Promise<void> = Promise.resolve();
  /** Settles connect(). Listeners cannot interfere with it. */
  #settleConnect: (failure?: MasterSlaveError) => void = () => {};

  constructor(options: FailoverTransportOptions<S>) {
    super(TRANSPORT_EMITTER, options.onEmit);
    this.#options = options;
    this.#finder = new SessionFinder(options, {
      onAttempt: (endpoint, outcome) => this.#reportAttempt(endpoint, outcome),
      onRoundFailed: (error) => this.#become({ type: "round-failed", error }),
      onWaiting: (waitedMs, endpoints) => this.#tellWaiting(waitedMs, endpoints),
      onLoginRefused: (error, retryInMs) => this.#options.observer?.loginRefused?.(error, retryInMs),
    });
  }

  get state(): ConnectionState<S> {
    return this.#state;
  }

  /** Adds endpoints that a broker named; they are tried after the user's own. Returns those that were not known yet. */
  addAlternates(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return this.#finder.addAlternates(endpoints);
  }

  /**
   * Starts the transport; call it once. Resolves when the first session is established (after the listeners of
   * `established`). When it rejects, the transport is closed for good: with AuthenticationError or another failure with
   * verdict `stop`; with NoActiveEndpointError when the rounds are used up; with ConnectTimeoutError; with AbortError
   * when `signal` fires first; with ConnectionClosedError when `close()` is called first; with InvalidArgumentError
   * when it was called before.
   */
  async connect(options: ConnectLimits = {}): Promise<void> {
    this.#requireIdle();
    if (options.signal?.aborted) {
      const aborted = new AbortError("Connecting was aborted before it began", options.signal.reason);
      this.#become({ type: "connect", at: new Date() });
      this.#become({ type: "gave-up", failure: aborted });
      this.#tellFailed(aborted);
      throw aborted;
    }
    this.#become({ type: "connect", at: new Date() });
    const forgetLimits = limitConnect(options, {
      fail: (failure) => (this.#state.name === "connecting" ? this.#fail(failure) : undefined),
      answers: () => this.#finder.answers(),
    });
    const established = new Promise<void>((resolve, reject) => {
      this.#settleConnect = (failure) => (failure ? reject(failure) : resolve());
    });
    this.#holding = this.#hold();
    await established.finally(forgetLimits);
  }

  /**
   * Closes the transport from any state; idempotent. Resolves when nothing is left open. An open session may leave in
   * an orderly way until `signal` fires.
   */
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

  /** The only retry loop: search, hold the session, search again, until closed or given up. Never rejects. */
  async #hold(): Promise<void> {
    try {
      let lostAtMs: number | undefined;
      let delayMs = 0;
      while (!this.#abort.signal.aborted) {
        const { signal } = this.#abort;
        const first = this.#state.name === "connecting";
        const { session, endpoint } = await this.#finder.find({ first, delayMs, signal });
        if (signal.aborted) return session.destroy(superseded(endpoint));
        this.#connected(session, endpoint, lostAtMs);
        const sinceMs = performance.now();
        const end = await session.ended;
        if (this.#abort.signal.aborted) return;
        lostAtMs = end.atMs;
        // A broken protocol counts as not useful: a delivery that cannot be parsed comes again with the next session,
        // and must not cause a hot loop.
        const useful = session.useful && end.error.code !== "PROTOCOL_ERROR";
        delayMs = this.#finder.sessionEnded(end.atMs - sinceMs, useful);
        if (this.#finder.roundsLeft === 0)
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

  #connected(session: S, endpoint: Endpoint, lostAtMs: number | undefined): void {
    const [at, atMs] = [new Date(), performance.now()];
    const address = addressOf(endpoint);
    this.#become({ type: "session-opened", session, endpoint: address, at, atMs });
    if (lostAtMs === undefined) {
      this.#restore("Using the first session", session, address, (to) => to.established(session, address));
      this.emit("established", { endpoint: address, session, at });
      this.#settleConnect();
    } else {
      const outageMs = atMs - lostAtMs;
      this.#restore("Restoring on the new session", session, address, (to) => to.restored(session, address, outageMs));
      this.emit("restored", { endpoint: address, session, outageMs, at });
    }
  }

  /**
   * Lets the observer restore a session. Throws INTERNAL when it throws, and ends the connection with INTERNAL when it
   * rejects later.
   */
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
        // If the session ended meanwhile, everything is restored on the next one instead.
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
    const interruption = { endpoint, cause: error, at: timeOfDay(atMs), atMs };
    this.#become({ type: "session-lost", ...interruption });
    try {
      this.#options.observer?.interrupted(interruption);
    } catch (reason) {
      throw observerFailure("Holding what the lost session left", reason, endpoint);
    }
    this.emit("interrupted", interruption);
  }

  /** Ends the connection for good from any state. No effect once it is being closed. */
  #fail(failure: MasterSlaveError): void {
    const state = this.#state;
    if (state.name === "closing" || state.name === "closed") return;
    this.#become({ type: "gave-up", failure });
    // After the change of state: a listener on the signal of an attempt may call close().
    this.#abort.abort(failure);
    if (state.name === "connected") state.session.destroy(failure);
    this.#tellFailed(failure);
  }

  #tellFailed(failure: MasterSlaveError): void {
    this.#tellEnded(failure);
    this.emit("failed", failure);
    this.emit("closed", failure);
    this.#settleConnect(failure);
  }

  /** Returns what ended the connection: `failure`, or what the observer threw after `close()`. */
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

  #reportAttempt(endpoint: Endpoint, outcome: AttemptOutcome<S>): void {
    this.emit("attempt", {
      at: new Date(),
      endpoint: addressOf(endpoint),
      outcome: outcome.kind === "session" ? "session" : outcome.error,
    });
  }

  #tellWaiting(waitedMs: number, endpoints: readonly EndpointAnswer[]): void {
    if (this.#state.name !== "connecting" && this.#state.name !== "interrupted") return;
    const { since, rounds } = this.#state;
    this.emit("waiting", { at: new Date(), since, waitedMs, rounds, endpoints });
  }

  #become(event: StateEvent<S>): void {
    this.#state = transition(this.#state, event);
  }
}
