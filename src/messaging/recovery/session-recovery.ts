/** Keeps what users hold going while sessions come and go: interrupted together, restored in order, drained in order. */

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

/** What lives across sessions. */
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
  /** How long there was no session between the first and the latest, in all, ms. */
  readonly outageMs: number;
  /** How long the latest failover took, from the end of one session to the next, ms; undefined before the first. */
  readonly lastOutageMs: number | undefined;
  /** When the latest failover was over; undefined before the first. */
  readonly lastRestoredAt: Date | undefined;
}

export interface Restoration {
  /** Settles when everything has been given to the session; rejects when that failed. undefined: it has been. */
  readonly restored: Promise<void> | undefined;
  readonly resent: number;
  readonly voided: number;
}

/** A peer that does not answer the end of the subscriptions and the goodbye is left after so long. */
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

  /** `poisonAfter`: after so many sessions died with something in flight it is tried alone. */
  constructor(transport: FailoverTransport<MessagingSession>, parts: RecoveryDeps, poisonAfter: number) {
    this.#transport = transport;
    this.#parts = parts;
    this.#poisonAfter = poisonAfter;
  }

  get totals(): FailoverTotals {
    return { ...this.#totals };
  }

  /**
   * Restores everything in one turn; what may be what kills sessions goes first, each alone, and then a promise tells when
   * the rest has followed. A throw or a rejection belongs to no single send or consumer: those fail by themselves.
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

  /** The connection is over; `failure` is what ended it, if it was not close(). */
  end(failure: MasterSlaveError | undefined): void {
    const { sessions, sends, consumers, requests, transactions } = this.#parts;
    const closed = closedError(failure);
    // Each of these settles promises of users: a mistake in one must not leave those of another waiting.
    eachEvenIfOneThrows(
      () => sessions.end(closed),
      () => transactions.end(closed),
      () => requests.end(closed),
      () => sends.abandon(closed),
      () => consumers.end(failure),
    );
  }

  /** Stops intake, lets what is under way be finished, and leaves. */
  async drainAndLeave(drainTimeoutMs: number): Promise<void> {
    const { sends, consumers, requests, transactions } = this.#parts;
    const { name } = this.#transport.state;
    consumers.stopIntake();
    if (name === "connected" || name === "interrupted") {
      await within(drainTimeoutMs, async (signal) => {
        // In this order: whoever holds a delivery may send, ask and commit until it is settled.
        await consumers.settled(signal);
        await transactions.idle(signal);
        await requests.empty(signal);
        await sends.empty(signal);
      });
    }
    // What is not over by now is told by us, not by the end of the session.
    transactions.end(closedError(undefined));
    requests.end(closedError(undefined));
    // Together they take LEAVE_TIMEOUT_MS at most.
    await within(LEAVE_TIMEOUT_MS / 2, (signal) => consumers.close(signal));
    await within(LEAVE_TIMEOUT_MS / 2, (signal) => this.#transport.close(signal));
  }

  async #flowAfter(suspects: readonly Suspect[], session: MessagingSession, endpoint: EndpointAddress): Promise<void> {
    if (await clearSuspects(session, suspects)) this.#flow(session, endpoint);
  }

  #flow(session: MessagingSession, endpoint: EndpointAddress): void {
    const { sessions, sends, consumers } = this.#parts;
    const { state } = this.#transport;
    // The last suspect may have been cleared in the turn in which the session ended.
    if (state.name !== "connected" || state.session !== session) return;
    consumers.resume(session);
    sends.resume(session);
    sessions.open({ session, endpoint });
  }
}

/** Why nothing goes any more; `failure` is what ended the connection, if it was not `close()`. */
export function closedError(failure: MasterSlaveError | undefined): ConnectionClosedError {
  const why = failure ? `The connection failed: ${failure.message}` : "The connection is closed";
  return new ConnectionClosedError(`${why}. Make a new one`, { cause: failure });
}

/** Takes every step, then throws what the first failed one threw. */
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

/** Runs something under a deadline that keeps no timer behind. */
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
