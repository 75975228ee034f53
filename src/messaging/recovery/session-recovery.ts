/**
 * Keeps what users hold going while sessions come and go: interrupted together, restored in order, drained in order.
 */

import { startTimer } from "../../async/timer.ts";
import type { WorkScope } from "../../async/work-scope.ts";
import { ConnectionClosedError, type EndpointAddress, type MasterSlaveError } from "../../errors/errors.ts";
import type { FailoverTransport } from "../../transport/failover-transport.ts";
import type { CurrentSession } from "../port/current-session.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { Suspect } from "../port/suspect.ts";
import type { Consumers } from "../receiving/consuming/consumers.ts";
import type { Requests } from "../requests/requests.ts";
import type { PendingSends } from "../sending/pending-sends.ts";
import type { Transactions } from "../transactions/transactions.ts";
import { clearSuspects } from "./poison-rule.ts";

/** What outlives sessions. */
export interface RecoveryDeps {
  readonly sends: PendingSends;
  readonly consumers: Consumers;
  readonly requests: Requests;
  readonly transactions: Transactions;
  readonly sessions: CurrentSession;
  /** Handlers, and the work of transactions: what close() waits for. */
  readonly work: WorkScope;
}

/** The figures of the failovers of one connection. */
export interface FailoverTotals {
  /** How often a session was followed by another. */
  readonly failovers: number;
  /** Deliveries that failovers made stale. */
  readonly voided: number;
  /** The total time without a session between the first and the latest one, in ms. */
  readonly outageMs: number;
  /** The length of the latest failover, from the end of one session to the next, in ms; undefined before the first. */
  readonly lastOutageMs: number | undefined;
  /** When the latest failover was over; undefined before the first. */
  readonly lastRestoredAt: Date | undefined;
}

export interface Restoration {
  /** Settles when everything has been given to the session; rejects if that failed. undefined if it is done already. */
  readonly restored: Promise<void> | undefined;
  readonly resent: number;
  readonly voided: number;
}

/** How long to wait for a peer that does not answer the end of subscriptions and connection. */
export const LEAVE_TIMEOUT_MS = 2_000;

export class SessionRecovery {
  readonly #transport: FailoverTransport<MessagingSession>;
  readonly #parts: RecoveryDeps;
  readonly #poisonAfter: number;
  readonly #totals = {
    failovers: 0,
    voided: 0,
    outageMs: 0,
    lastOutageMs: undefined as number | undefined,
    lastRestoredAt: undefined as Date | undefined,
  };

  /** `poisonAfter`: a suspect is tried alone after this many sessions ended with it in flight. */
  constructor(transport: FailoverTransport<MessagingSession>, parts: RecoveryDeps, poisonAfter: number) {
    this.#transport = transport;
    this.#parts = parts;
    this.#poisonAfter = poisonAfter;
  }

  get totals(): FailoverTotals {
    return { ...this.#totals };
  }

  /**
   * Restores everything in one turn. Suspects are tried first, each alone; then the returned promise resolves when the
   * rest has followed. A throw or rejection belongs to no single send or consumer: those fail by themselves.
   */
  begin(session: MessagingSession, endpoint: EndpointAddress): Promise<void> | undefined {
    const { sessions, consumers, sends } = this.#parts;
    sessions.reached({ session, endpoint });
    const suspects = [...consumers.suspects(this.#poisonAfter), ...sends.suspects(this.#poisonAfter)];
    if (suspects.length > 0) return this.#flowAfter(suspects, session, endpoint);
    this.#flow(session, endpoint);
    return undefined;
  }

  interrupt(cause: MasterSlaveError): void {
    const { sessions, sends, consumers, requests } = this.#parts;
    eachEvenIfOneThrows(
      () => sessions.interrupt(),
      () => sends.interrupt(cause),
      () => {
        this.#totals.voided += consumers.interrupt(cause);
      },
      () => requests.interrupt(cause),
    );
  }

  restore(session: MessagingSession, endpoint: EndpointAddress, outageMs: number): Restoration {
    const { sends, consumers } = this.#parts;
    const totals = this.#totals;
    const restoration = { resent: sends.inDoubtCount, voided: consumers.takeVoided() };
    totals.failovers += 1;
    totals.outageMs += outageMs;
    totals.lastOutageMs = outageMs;
    totals.lastRestoredAt = new Date();
    return { ...restoration, restored: this.begin(session, endpoint) };
  }

  /** The connection is over; `failure` is the reason unless it was close(). */
  end(failure: MasterSlaveError | undefined): void {
    const { sessions, sends, consumers, requests, transactions } = this.#parts;
    const closed = closedError(failure);
    // Each of these settles promises of users: an exception in one must not leave those of another waiting.
    eachEvenIfOneThrows(
      () => sessions.end(closed),
      () => transactions.end(closed),
      () => requests.end(closed),
      () => sends.abandon(closed),
      () => consumers.end(failure),
    );
  }

  /** Stops delivering, lets work under way finish, and leaves. */
  async drainAndLeave(drainTimeoutMs: number): Promise<void> {
    const { sends, consumers, requests, transactions } = this.#parts;
    const { name } = this.#transport.state;
    consumers.stopIntake();
    if (name === "connected" || name === "interrupted") {
      await within(drainTimeoutMs, async (signal) => {
        // In this order: a handler with a delivery may send, request and commit until it settles.
        await consumers.settled(signal);
        await transactions.idle(signal);
        await requests.empty(signal);
        await sends.empty(signal);
      });
    }
    // Reject what is still open with a clear error, before the end of the session does.
    transactions.end(closedError(undefined));
    requests.end(closedError(undefined));
    // Together they take at most LEAVE_TIMEOUT_MS.
    await within(LEAVE_TIMEOUT_MS / 2, (signal) => consumers.close(signal));
    await within(LEAVE_TIMEOUT_MS / 2, (signal) => this.#transport.close(signal));
  }

  async #flowAfter(suspects: readonly Suspect[], session: MessagingSession, endpoint: EndpointAddress): Promise<void> {
    if (await clearSuspects(session, suspects)) this.#flow(session, endpoint);
  }

  #flow(session: MessagingSession, endpoint: EndpointAddress): void {
    const { sessions, sends, consumers } = this.#parts;
    const { state } = this.#transport;
    // The last suspect may have been cleared in the same turn in which the session ended.
    if (state.name !== "connected" || state.session !== session) return;
    consumers.resume(session);
    sends.resume(session);
    sessions.open({ session, endpoint });
  }
}

/** The error for calls on a closed connection; `failure` is the reason unless it was `close()`. */
export function closedError(failure: MasterSlaveError | undefined): ConnectionClosedError {
  const why = failure ? `The connection failed: ${failure.message}` : "The connection is closed";
  return new ConnectionClosedError(`${why}. Make a new one`, { cause: failure });
}

/** Runs every step, then throws the first exception. */
function eachEvenIfOneThrows(...steps: readonly (() => void)[]): void {
  const failures: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (reason) {
      failures.push(reason);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Runs `work` with a deadline that leaves no timer behind. */
async function within(timeoutMs: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const stopTimer = startTimer(timeoutMs, () =>
    controller.abort(new ConnectionClosedError(`Not done within ${timeoutMs} ms`)),
  );
  try {
    await work(controller.signal);
  } finally {
    stopTimer();
  }
}
