/** One try at one endpoint: dial, TLS and protocol handshake under one deadline. */
import { AttemptError, formatAddress } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { attemptFailure } from "../dial/attempt-failure.ts";
import type { OpenSession, Session } from "../dial/session.ts";
import type { SpeakingTurns } from "../dial/speaking-turns.ts";

export type AttemptOutcome<S extends Session> =
  | { readonly kind: "session"; readonly session: S }
  | { readonly kind: "failed"; readonly error: AttemptError };

export interface AttemptLimits {
  readonly attemptTimeout: number;
  readonly attemptStagger: number;
}

export class Attempt<S extends Session> {
  readonly endpoint: Endpoint;
  readonly #controller = new AbortController();
  readonly #turns: SpeakingTurns;
  readonly #deadline: NodeJS.Timeout;
  readonly #onOutcome: (attempt: Attempt<S>, outcome: AttemptOutcome<S>) => void;
  #stage = "connecting";
  #answered = false;

  /** Starts at once. `onOutcome` is called exactly once, never inside this constructor. */
  constructor(
    endpoint: Endpoint,
    open: OpenSession<S>,
    limits: AttemptLimits,
    turns: SpeakingTurns,
    onOutcome: (attempt: Attempt<S>, outcome: AttemptOutcome<S>) => void,
  ) {
    this.endpoint = endpoint;
    this.#turns = turns;
    this.#onOutcome = onOutcome;
    this.#deadline = setTimeout(() => this.#expire(limits.attemptTimeout), limits.attemptTimeout);
    const { signal } = this.#controller;
    Promise.resolve()
      .then(() => open(endpoint, { signal, turn: () => this.#takeTurn(), stage: this.#enter }))
      .then(
        (session) => this.#opened(session),
        (reason: unknown) => this.#answer({ kind: "failed", error: attemptFailure(endpoint, reason) }),
      );
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Whether the peer accepted, was sent our first bytes, and has not answered. */
  get unheard(): boolean {
    return this.#turns.hasSpoken(this);
  }

  /** The error to show for an attempt without an answer yet: it says how far the attempt has come. */
  unanswered(): AttemptError {
    const text = `${formatAddress(this.endpoint)} has not answered yet (${this.#stage})`;
    return new AttemptError("ATTEMPT_TIMEOUT", text, { endpoint: this.endpoint });
  }

  /** Gives the attempt up; its outcome is `error`. No effect once it has an outcome. */
  cancel(error: AttemptError): void {
    this.#answer({ kind: "failed", error });
    this.#controller.abort(error);
  }

  readonly #enter = (stage: string): void => {
    this.#stage = stage;
  };

  async #takeTurn(): Promise<void> {
    this.#stage = "connected, waiting for its turn";
    const { signal } = this.#controller;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      this.#turns.take(this).then(resolve);
    });
    this.#stage = "connected, its handshake unanswered";
  }

  #expire(timeoutMs: number): void {
    const text = `${formatAddress(this.endpoint)} was not ready within attemptTimeout=${timeoutMs} ms (${this.#stage})`;
    this.cancel(new AttemptError("ATTEMPT_TIMEOUT", text, { endpoint: this.endpoint }));
  }

  #opened(session: S): void {
    if (this.#answered) session.destroy(superseded(this.endpoint));
    else this.#answer({ kind: "session", session });
  }

  #answer(outcome: AttemptOutcome<S>): void {
    if (this.#answered) return;
    this.#answered = true;
    clearTimeout(this.#deadline);
    // Report first: an outcome that decides the search ends the speaking turns before another attempt may speak.
    this.#onOutcome(this, outcome);
    this.#turns.leave(this);
  }
}

export function superseded(endpoint: Endpoint): AttemptError {
  const text = `${formatAddress(endpoint)} was given up: another endpoint was ready first, or none is wanted any more`;
  return new AttemptError("ATTEMPT_SUPERSEDED", text, { endpoint });
}

/** The outcome of an attempt that had not asked for a login when another endpoint refused it. */
export function heldBack(endpoint: Endpoint): AttemptError {
  const text = `${formatAddress(endpoint)} was given up before it was asked: another endpoint refused the login, and the next is asked later`;
  return new AttemptError("ATTEMPT_SUPERSEDED", text, { endpoint });
}

/** The outcome shown for an endpoint that the search has not reached. */
export function untried(endpoint: Endpoint): AttemptError {
  return new AttemptError("ATTEMPT_TIMEOUT", `${formatAddress(endpoint)} was not tried yet`, { endpoint });
}
