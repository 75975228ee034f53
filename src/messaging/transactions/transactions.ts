/** The transactions of a connection: begun on the present session, run again where that is safe, counted, drained. */
import { inspect } from "node:util";
import { startDeadline } from "../../async/deadline.ts";
import { IdleLatch } from "../../async/idle-latch.ts";
import { onAbort } from "../../async/on-abort.ts";
import { unlessAborted } from "../../async/unless-aborted.ts";
import type { WorkScope } from "../../async/work-scope.ts";
import {
  type ConnectionClosedError,
  InvalidArgumentError,
  TransactionInDoubtError,
  TransactionInterruptedError,
  TransactionTimeoutError,
} from "../../errors/errors.ts";
import { isInstance } from "../../errors/text-of.ts";
import { checkFunction, checkTimeout, readOptions } from "../messages/argument-checks.ts";
import type { CurrentSession } from "../port/current-session.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { Transact, TransactedWork } from "../receiving/handling/transact.ts";
import type { PendingSendsSettings } from "../sending/pending-sends.ts";
import { OpenTransaction } from "./transaction.ts";

/** The figures of the transactions of one connection. */
export interface TransactionStats {
  /** Transactions that are open now. */
  readonly open: number;
  /** Transactions that the broker has committed. */
  readonly committed: number;
  /** Transactions that were rolled back, by their work or by a failover. */
  readonly rolledBack: number;
  /** Transactions whose commit was not answered: each took effect whole, or not at all. */
  readonly inDoubt: number;
}

export class Transactions {
  readonly #sessions: CurrentSession;
  readonly #limits: PendingSendsSettings;
  readonly #counts = { open: 0, committed: 0, rolledBack: 0, inDoubt: 0 };
  readonly #over = new AbortController();
  readonly #onceIdle = new IdleLatch();
  readonly #call: (work: TransactedWork<unknown>, transaction: OpenTransaction) => Promise<unknown>;

  /** `scope`: what recognises calls that come out of the work of a transaction. */
  constructor(sessions: CurrentSession, limits: PendingSendsSettings, scope: WorkScope) {
    this.#sessions = sessions;
    this.#call = scope.mark(async (work, transaction) => await work(transaction));
    // A transaction belongs to one session, so its sends never wait for another session.
    this.#limits = { ...limits, inDoubt: "fail", whenInterrupted: "hold", whenFull: "reject" };
  }

  get stats(): TransactionStats {
    return { ...this.#counts };
  }

  readonly transact: Transact = async (work, given = {}) => {
    const options = readOptions("transaction", given, ["retries", "timeoutMs", "signal"]);
    const { retries = 0, timeoutMs } = options;
    checkTimeout(timeoutMs);
    if (!(Number.isInteger(retries) && retries >= 0))
      throw new InvalidArgumentError(`retries is a whole number from 0, not ${inspect(retries)}`);
    checkFunction("transaction() is given", work);
    const timedOut = () =>
      new TransactionTimeoutError(`The transaction was not committed within timeoutMs=${timeoutMs}`);
    const deadline = startDeadline("The transaction", options, timedOut);
    const forget = onAbort(this.#over.signal, () => deadline.end(this.#over.signal.reason));
    this.#counts.open += 1;
    try {
      return await this.#run(work, retries, deadline.signal);
    } finally {
      this.#counts.open -= 1;
      forget();
      deadline.release();
      if (this.#counts.open === 0) this.#onceIdle.tell();
    }
  };

  /** Resolves when no transaction is open, or when `signal` fires. */
  idle(signal: AbortSignal): Promise<void> {
    return this.#onceIdle.wait(this.#counts.open === 0, signal);
  }

  /** The connection is over: rejects everything that waits. */
  end(failure: ConnectionClosedError): void {
    this.#over.abort(failure);
  }

  async #run<T>(work: TransactedWork<T>, retries: number, signal: AbortSignal): Promise<T> {
    let ended: MessagingSession | undefined;
    for (let left = retries; ; left--) {
      const { session, endpoint } = await this.#sessions.next("The transaction", signal, ended);
      const transaction = new OpenTransaction(session, endpoint, this.#limits);
      try {
        const result = await this.#attempt(transaction, work, signal);
        this.#counts.committed += 1;
        return result;
      } catch (reason) {
        this.#counts[isInstance(reason, TransactionInDoubtError) ? "inDoubt" : "rolledBack"] += 1;
        const again = isInstance(reason, TransactionInterruptedError) && !transaction.accepts && left > 0;
        if (!again || signal.aborted) throw reason;
        ended = session;
      }
    }
  }

  /** Runs the work and commits; if the work throws, rolls back. */
  async #attempt<T>(transaction: OpenTransaction, work: TransactedWork<T>, signal: AbortSignal): Promise<T> {
    try {
      const result = (await unlessAborted(signal, this.#call(work, transaction))) as T;
      await transaction.commit(signal);
      return result;
    } catch (reason) {
      // Do not wait past the deadline for a broker that does not answer.
      await unlessAborted(signal, transaction.rollback()).catch(() => {});
      throw transaction.causeOf(reason);
    }
  }
}
