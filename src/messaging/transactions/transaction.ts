/** One transaction on one session: its sends and acceptances take effect together, or not at all. */

import { inBackground } from "../../async/in-background.ts";
import { unlessAborted } from "../../async/unless-aborted.ts";
import {
  type EndpointAddress,
  formatAddress,
  InvalidArgumentError,
  MasterSlaveError,
  StaleDeliveryError,
  TransactionInDoubtError,
  TransactionInterruptedError,
  TransactionOverError,
  TransactionRolledBackError,
} from "../../errors/errors.ts";
import { argumentError, checkTimeout } from "../messages/argument-checks.ts";
import { addressed } from "../messages/bare-address.ts";
import { parseDestination } from "../messages/destination.ts";
import { createOutgoingMessage, type MessageBody } from "../messages/outgoing-message.ts";
import type { CommitOutcome, MessagingSession, SessionTransaction } from "../port/messaging-session.ts";
import { whenEnded } from "../port/when-ended.ts";
import { Delivery } from "../receiving/deliveries/delivery.ts";
import type { Transaction } from "../receiving/handling/transact.ts";
import { checkSendOptions, type SendOptions } from "../sending/call-options.ts";
import { PendingSends, type PendingSendsSettings } from "../sending/pending-sends.ts";

/** `open`: work may be done in it. `doomed`: it can only be rolled back. */
type Phase =
  | { readonly name: "open" }
  | { readonly name: "doomed"; readonly why: MasterSlaveError }
  | { readonly name: "committing" }
  | { readonly name: "over"; readonly why: MasterSlaveError | undefined };

export class OpenTransaction implements Transaction {
  readonly #session: MessagingSession;
  readonly #endpoint: EndpointAddress;
  readonly #inner: SessionTransaction;
  readonly #sends: PendingSends;
  readonly #accepted: Delivery[] = [];
  #accepts = false;
  /** Number of ids that the caller chose: an earlier transaction may have used them. */
  #givenIds = 0;
  #phase: Phase = { name: "open" };

  constructor(session: MessagingSession, endpoint: EndpointAddress, limits: PendingSendsSettings) {
    this.#session = session;
    this.#endpoint = endpoint;
    this.#inner = session.begin();
    this.#sends = new PendingSends(limits, { target: this.#inner, connected: true, endpoint });
    whenEnded(session, ({ error }) => this.#interrupt(error));
  }

  /**
   * Whether its work accepted a delivery: that delivery comes again, so running the same work again could not accept
   * it.
   */
  get accepts(): boolean {
    return this.#accepts;
  }

  send(destination: string, body: MessageBody, options: SendOptions = {}): Promise<{ readonly id: string }> {
    return handled(this.#send(destination, body, options));
  }

  accept(delivery: Delivery): Promise<void> {
    return handled(this.#accept(delivery));
  }

  async #send(destination: string, body: MessageBody, options: SendOptions): Promise<{ readonly id: string }> {
    this.#requireOpen();
    // A send that cannot be made at all dooms the transaction too: otherwise a caller that ignores the rejection would
    // commit less than its work did.
    try {
      checkSendOptions(options);
      checkTimeout(options.timeoutMs);
      const to = addressed(parseDestination(destination), options);
      const message = createOutgoingMessage(body, options);
      if (message.idGiven) this.#givenIds += 1;
      const { id } = await this.#sends.add(to, message, { timeoutMs: options.timeoutMs, signal: options.signal });
      return { id };
    } catch (reason) {
      throw this.#doom(argumentError("The transaction's send", reason));
    }
  }

  async #accept(delivery: Delivery): Promise<void> {
    this.#requireOpen();
    this.#accepts = true;
    if (!(delivery instanceof Delivery))
      throw this.#doom(new InvalidArgumentError(`accept() in a transaction takes a delivery, not ${typeof delivery}`));
    const { origin } = delivery;
    if (origin.session !== this.#session && origin.holds(delivery))
      throw this.#doom(new InvalidArgumentError("The delivery belongs to another connection than the transaction"));
    const result = await this.#settle(delivery);
    if (result === "settled") {
      this.#accepted.push(delivery);
      return;
    }
    const text = `The delivery of message ${delivery.message.id ?? "(no id)"} is stale and comes again: the transaction that accepts it cannot be committed`;
    throw this.#doom(new StaleDeliveryError(text, { endpoint: this.#endpoint }));
  }

  /**
   * Commits when every send has been answered. Rejects with TRANSACTION_INTERRUPTED, TRANSACTION_ROLLED_BACK or
   * TRANSACTION_IN_DOUBT.
   */
  async commit(signal: AbortSignal): Promise<void> {
    await this.#sends.empty(signal);
    if (signal.aborted || this.#phase.name !== "open") {
      await unlessAborted(signal, this.rollback()).catch(() => {});
      throw signal.aborted ? signal.reason : this.#rolledBack();
    }
    this.#phase = { name: "committing" };
    const outcome = await this.#answer(signal);
    this.#phase = { name: "over", why: outcome.kind === "committed" ? undefined : outcome.error };
    for (const delivery of this.#accepted) delivery.origin.concluded(delivery, outcome.kind === "committed");
    if (outcome.kind === "committed") return;
    throw outcome.kind === "in-doubt" ? this.#inDoubt(outcome.error) : this.#refused(outcome.error);
  }

  /** Rolls back: nothing of it takes effect, and what it accepted comes again. Never rejects. */
  async rollback(): Promise<void> {
    const { name } = this.#phase;
    if (name === "over" || name === "committing") return;
    const why = this.#phase.name === "doomed" ? this.#phase.why : undefined;
    this.#phase = { name: "over", why };
    this.#sends.fail(new TransactionRolledBackError(`The transaction on ${this.#where} was rolled back`));
    await this.#inner.rollback();
    for (const delivery of this.#accepted) delivery.origin.concluded(delivery, false);
  }

  /** Returns why it failed: what the work threw, unless the end of the session caused that. */
  causeOf(reason: unknown): unknown {
    const why = "why" in this.#phase ? this.#phase.why : undefined;
    return why instanceof TransactionInterruptedError ? why : reason;
  }

  get #where(): string {
    return formatAddress(this.#endpoint);
  }

  async #settle(delivery: Delivery): Promise<"settled" | "stale"> {
    try {
      return await delivery.settle({ kind: "accepted" }, {}, { transaction: this.#inner });
    } catch (reason) {
      throw this.#doom(MasterSlaveError.from(reason));
    }
  }

  /** Resolves with the commit's outcome; if `signal` fires first the outcome is unknown. */
  #answer(signal: AbortSignal): Promise<CommitOutcome> {
    return new Promise((resolve) => {
      const onAbort = () => resolve({ kind: "in-doubt", error: MasterSlaveError.from(signal.reason) });
      signal.addEventListener("abort", onAbort, { once: true });
      const answered = this.#inner.commit().catch(
        // By its contract commit() never rejects; if it does, the outcome is unknown.
        (reason: unknown): CommitOutcome => ({ kind: "in-doubt", error: MasterSlaveError.from(reason) }),
      );
      inBackground(
        "Taking the answer to a commit",
        answered.then((outcome) => {
          signal.removeEventListener("abort", onAbort);
          resolve(outcome);
        }),
      );
    });
  }

  #interrupt(cause: MasterSlaveError): void {
    const { name } = this.#phase;
    if (name === "over" || name === "committing") return;
    const error = this.#interrupted(cause);
    this.#phase = { name: "doomed", why: error };
    this.#sends.fail(error);
  }

  #doom(why: MasterSlaveError): MasterSlaveError {
    if (this.#phase.name === "open") this.#phase = { name: "doomed", why };
    return why;
  }

  #requireOpen(): void {
    const phase = this.#phase;
    if (phase.name === "open") return;
    if (phase.name === "doomed" && phase.why instanceof TransactionInterruptedError) throw phase.why;
    throw new TransactionOverError(
      `The transaction on ${this.#where} is ${phase.name === "doomed" ? "to be rolled back" : "over"}: begin another`,
      { cause: "why" in phase ? phase.why : undefined },
    );
  }

  #rolledBack(): MasterSlaveError {
    const { why } = this.#phase as Extract<Phase, { name: "over" }>;
    if (why instanceof TransactionInterruptedError) return why;
    const text = `The transaction on ${this.#where} was rolled back: ${why?.message ?? "it was over"}`;
    return new TransactionRolledBackError(text, { endpoint: this.#endpoint, cause: why });
  }

  #interrupted(cause: MasterSlaveError): TransactionInterruptedError {
    const text = `The session ended before the transaction on ${this.#where} was committed: it is rolled back (${cause.message})`;
    return new TransactionInterruptedError(text, { endpoint: this.#endpoint, cause });
  }

  #inDoubt(cause: MasterSlaveError): TransactionInDoubtError {
    const text = `The commit on ${this.#where} was written and not answered: the transaction took effect whole, or not at all (${cause.message})`;
    return new TransactionInDoubtError(text, { endpoint: this.#endpoint, cause });
  }

  #refused(cause: MasterSlaveError): MasterSlaveError {
    if (cause.code === "SESSION_LOST" || cause.code === "HEARTBEAT_LOST") return this.#interrupted(cause);
    const repeated = this.#session.broker.product === "artemis" && this.#givenIds > 0;
    const hint = repeated
      ? ". A message id in it may have been used before, perhaps by this work: perhaps already committed"
      : "";
    const text = `${this.#where} refused the commit, the transaction is rolled back: ${cause.message}${hint}`;
    return new TransactionRolledBackError(text, { endpoint: this.#endpoint, cause });
  }
}

/** Marks a promise as handled: the transaction reports its failures, whether or not the work looks at the promise. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
