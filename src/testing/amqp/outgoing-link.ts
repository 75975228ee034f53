/** A link on which the client receives: deliveries within its credit, and their outcomes. */
import type { Delivery, EventContext, Sender, Session } from "rhea";
import {
  type DeliverySource,
  giveBack,
  type QueueConsumer,
  type QueueEntry,
} from "../destinations/queue/queue-entry.ts";
import type { Transaction } from "../destinations/transaction.ts";
import type { MessageSelector } from "../selectors/message-selector.ts";
import { encodeTransfer } from "./amqp-message.ts";
import { grantedDeliveries, markSettled, remoteOutcome } from "./rhea/rhea-server.ts";
import { transactionIdOf } from "./rhea/transaction-frames.ts";

const OUTCOMES = ["accepted", "rejected", "released", "modified"];

export interface OutgoingLinkOptions {
  readonly queue: DeliverySource;
  readonly leave: () => void;
  readonly selects?: MessageSelector | undefined;
  /** Runs its argument when the attach has been answered. */
  readonly whenAttached: (attached: () => void) => void;
  readonly findTransaction: (id: string) => Transaction | undefined;
  /** Whether the client reads too slowly for more. */
  readonly isCongested: () => boolean;
}

export class OutgoingLink implements QueueConsumer {
  readonly #sender: Sender;
  readonly #options: OutgoingLinkOptions;
  readonly #unsettled = new Map<Delivery, QueueEntry>();
  readonly #presettled: boolean;
  /** Number of deliveries given to rhea, which counts them only when it writes them. */
  #handedOver = 0;
  #ended = false;

  constructor(sender: Sender, options: OutgoingLinkOptions) {
    this.#sender = sender;
    this.#options = options;
    this.#presettled = sender.snd_settle_mode === 1;
    sender.on("sender_flow", () => options.queue.dispatch());
    sender.on("sender_draining", () => this.#drain());
    // Settled without an outcome: nothing says that the message was processed.
    for (const event of [...OUTCOMES, "settled"]) {
      sender.on(event, ({ delivery }: EventContext) => delivery && this.#settle(delivery));
    }
    options.whenAttached(() => {
      // rhea writes transfers before attaches in one pass, so an attach and its first transfers must be written in
      // separate passes.
      setImmediate(() => this.#ended || options.queue.attach(this));
    });
  }

  get session(): Session {
    return this.#sender.session;
  }

  get ready(): boolean {
    const granted = grantedDeliveries(this.#sender);
    return !this.#ended && granted > this.#handedOver && this.#sender.sendable() && !this.#options.isCongested();
  }

  get selects(): MessageSelector | undefined {
    return this.#options.selects;
  }

  take(entry: QueueEntry): void {
    this.#handedOver++;
    const delivery = this.#sender.send(encodeTransfer(entry), undefined, 0);
    if (this.#presettled) {
      markSettled(delivery);
      entry.home.accept(entry);
    } else this.#unsettled.set(delivery, entry);
  }

  #settle(delivery: Delivery): void {
    const entry = this.#unsettled.get(delivery);
    if (!entry) return;
    this.#unsettled.delete(delivery);
    // A client in settle mode "second" waits for our settlement.
    if (!delivery.remote_settled) delivery.update(true);
    this.#carryOut(delivery, entry);
    this.#options.queue.dispatch();
  }

  #carryOut(delivery: Delivery, entry: QueueEntry): void {
    const { home } = entry;
    const { kind, deliveryFailed, undeliverableHere } = remoteOutcome(delivery);
    // undeliverable-here moves the message to the dead letter queue, as on Classic.
    const dead = kind === "rejected" || undeliverableHere;
    const transactionId = transactionIdOf(delivery);
    if (transactionId !== undefined && (kind === "accepted" || dead)) {
      this.#hold(entry, dead ? "dead" : "accepted", transactionId);
    } else if (kind === "accepted") home.accept(entry);
    else if (dead) home.deadLetter(entry);
    else home.release([entry], { failed: kind === "modified" ? deliveryFailed : kind !== "released" });
  }

  /**
   * Holds the entry until its transaction is discharged. If that is rolled back, or does not exist, the entry is
   * delivered again, on this link too.
   */
  #hold(entry: QueueEntry, outcome: "accepted" | "dead", transactionId: string): void {
    const restore = () => giveBack([entry], { failed: true });
    const transaction = this.#options.findTransaction(transactionId);
    if (transaction) transaction.settle({ entry, outcome, restore });
    else restore();
  }

  #drain(): void {
    this.#options.queue.dispatch();
    this.#handedOver = grantedDeliveries(this.#sender);
    this.#sender.set_drained(true);
  }

  /** The socket has room again. */
  resume(): void {
    this.#options.queue.dispatch();
  }

  /**
   * rhea reports a detach and a transfer at once, but outcomes only after everything has been read, although they came
   * first.
   */
  settleRead(): void {
    for (const delivery of [...this.#unsettled.keys()]) {
      if (delivery.remote_settled || OUTCOMES.includes(remoteOutcome(delivery).kind ?? "")) this.#settle(delivery);
    }
  }

  /** Unsettled messages go back to the front of the queue. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.settleRead();
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    this.#options.leave();
    this.#options.queue.detach(this, unsettled);
  }
}
