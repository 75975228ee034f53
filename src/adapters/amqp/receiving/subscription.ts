/** One subscription: a receiver link on an AMQP session of its own, with the prefetch as its credit. */
import type { AmqpError, Delivery, Receiver, Session } from "rhea";
import { LinkedSet } from "../../../async/linked-set.ts";
import {
  formatAddress,
  InvalidArgumentError,
  SubscriptionRefusedError,
  UnsupportedError,
} from "../../../errors/errors.ts";
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";
import type {
  IncomingDelivery,
  SessionSubscription,
  Settlement,
  SettlementTerms,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../../messaging/port/messaging-session.ts";
import { destinationOf } from "../messages/destination.ts";
import { describeCondition, isRetryable } from "../opening/failures.ts";
import { describeStart } from "../opening/frame-size.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { EnlistedDeliveries } from "../transactions/enlisted-deliveries.ts";
import { AmqpTransaction } from "../transactions/transaction.ts";
import { Browsing } from "./browsing.ts";
import { CreditReplenisher } from "./credit-replenisher.ts";
import { AmqpDelivery, readDelivery } from "./incoming-message.ts";
import { ReceiverLink } from "./receiver-link.ts";
import { dispose, settleInTransaction } from "./settlement.ts";
import { type AttachTerms, attachTermsOf } from "./source.ts";
import { tooLarge, type UnreadMessage, unreadable, unreadWarning } from "./unread-message.ts";

/** The key that rhea gives to a selector filter; brokers echo the filters that they apply (AMQP 1.0, 3.5.8). */
const SELECTOR = "jms-selector";

/** How a rollback gives back accepted deliveries: both brokers then count the delivery. */
const COMES_AGAIN: Settlement = { kind: "modified", deliveryFailed: true, undeliverableHere: false };

export class AmqpSubscription implements SessionSubscription {
  readonly #context: SessionDeps;
  readonly #request: SubscriptionRequest;
  readonly #sink: SubscriptionSink;
  readonly #unsettled = new LinkedSet<AmqpDelivery>();
  readonly #enlisted = new EnlistedDeliveries({
    accept: (delivery, txnId) => this.#dispose((amqpSession) => settleInTransaction(delivery, txnId, amqpSession)),
    giveBack: (delivery) => this.#dispose((amqpSession) => dispose(delivery, COMES_AGAIN, amqpSession)),
  });
  readonly #credit: CreditReplenisher;
  readonly #settle: (wire: Delivery, settlement: Settlement, amqpSession: Session) => void;
  readonly #over: Promise<void>;
  readonly #resolveOver: () => void;
  /** `closing`: our detach is on its way. */
  #phase: "attaching" | "open" | "closing" | "over" = "attaching";
  #link: ReceiverLink | undefined;
  #browsing: Browsing | undefined;
  /** The destination for messages that name none. */
  #destination: Destination;

  /** `onOver` is called once, when the broker has ended its side. */
  constructor(context: SessionDeps, request: SubscriptionRequest, sink: SubscriptionSink, onOver: () => void) {
    this.#context = context;
    this.#request = request;
    this.#destination = request.destination;
    this.#sink = sink;
    this.#credit = new CreditReplenisher({
      prefetch: request.prefetch,
      left: () => this.#link?.credit ?? 0,
      pay: context.guard((credit) => this.#addCredit(credit)),
    });
    // Made once here and not for each delivery: every message is settled by it, and a closure for each would cost memory.
    this.#settle = context.guard((wire, settlement, amqpSession) => {
      dispose(wire, settlement, amqpSession);
      this.#credit.add();
    });
    let resolveOver = () => {};
    this.#over = new Promise((resolve) => {
      resolveOver = resolve;
    });
    this.#resolveOver = () => {
      onOver();
      resolveOver();
    };
  }

  attach(): void {
    try {
      this.#attach(attachTermsOf(this.#request, this.#context));
    } catch (cause) {
      if (!(cause instanceof UnsupportedError || cause instanceof InvalidArgumentError)) throw cause;
      // Told as late as a broker's refusal would be: the caller has not received the subscription yet.
      queueMicrotask(() => {
        if (this.#phase === "attaching") this.#refuse(cause.message, { cause });
      });
    }
  }

  settle(
    incoming: IncomingDelivery,
    settlement: Settlement,
    { confirmed = false, transaction }: SettlementTerms = {},
  ): "settled" | "stale" | Promise<"settled" | "stale"> {
    if (confirmed) {
      throw new UnsupportedError(
        "AMQP brokers do not answer a settlement: accept without { confirmed: true }, or in a transaction, whose commit is answered",
      );
    }
    const link = this.#link;
    if (!link || !(incoming instanceof AmqpDelivery) || !this.#unsettled.has(incoming)) return "stale";
    if (this.#phase !== "open" || this.#context.isOver()) return "stale";
    if (this.#browsing) {
      this.#unsettled.delete(incoming);
      this.#browsing.onRead();
      return "settled";
    }
    if (transaction !== undefined) return this.#enlist(incoming, transaction);
    this.#unsettled.delete(incoming);
    this.#settle(incoming.wire, settlement, link.amqpSession);
    return "settled";
  }

  close(): Promise<void> {
    const phase = this.#phase;
    if (phase === "attaching" || phase === "open") {
      this.#phase = "closing";
      if (!this.#link) this.end();
      // rhea would attach a link again if it is closed before its attach is answered: #onAttach closes it then.
      else if (phase === "open") this.#context.guard(() => this.#giveBack())();
    }
    return this.#over;
  }

  /** Ends the subscription together with its session. */
  end(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#unsettled.clear();
    this.#abandonEnlisted();
    this.#resolveOver();
  }

  #attach(terms: AttachTerms): void {
    const { prefetch, browse } = this.#request;
    const ifOpen = (work: () => void) => {
      if (this.#phase === "open") work();
    };
    const link = new ReceiverLink(this.#context, terms, {
      onAttach: (receiver) => this.#onAttach(receiver),
      onDetach: (error) => this.#onDetach(error),
      onDrained: () => ifOpen(() => this.#browsing?.onDrained()),
      onMessage: (bytes, delivery) => ifOpen(() => this.#onMessage(bytes, delivery)),
      onTooLarge: (head, size, delivery) =>
        ifOpen(() => this.#refuseUnread(tooLarge(head, size, this.#context.maxMessageBytes), delivery)),
      onAborted: () => this.#credit.add(),
    });
    this.#link = link;
    if (browse) this.#browsing = new Browsing(link.receiver, prefetch, () => this.#sink.onBrowsed());
  }

  #enlist(
    incoming: AmqpDelivery,
    transaction: NonNullable<SettlementTerms["transaction"]>,
  ): "settled" | Promise<never> {
    if (!(transaction instanceof AmqpTransaction) || !transaction.belongsTo(this.#context)) {
      return Promise.reject(new UnsupportedError("A delivery is accepted in a transaction of its own session alone"));
    }
    const { over } = transaction;
    if (over) return Promise.reject(over);
    this.#unsettled.delete(incoming);
    this.#enlisted.enlist(incoming.wire, transaction);
    // Gives credit back, so that a transaction can accept more than the prefetch.
    this.#credit.add();
    return "settled";
  }

  #dispose(settle: (amqpSession: Session) => void): void {
    if (this.#link) settle(this.#link.amqpSession);
  }

  #giveBack(): void {
    const deliveries = [...Array.from(this.#unsettled, ({ wire }) => wire), ...this.#abandonEnlisted()];
    this.#unsettled.clear();
    if (!this.#link) return;
    const { amqpSession } = this.#link;
    if (!this.#browsing) for (const delivery of deliveries) dispose(delivery, { kind: "released" }, amqpSession);
    this.#link.leave();
  }

  #abandonEnlisted(): readonly Delivery[] {
    const where = formatDestination(this.#request.destination);
    return this.#enlisted.abandon(`the subscription to ${where} ended, of which it has accepted`);
  }

  #onAttach(receiver: Receiver): void {
    if (this.#phase === "closing") this.#giveBack();
    if (this.#phase !== "attaching") return;
    // A source without an address announces a refusal, whose detach follows (AMQP 1.0, 2.6.3); not every peer sets an
    // address.
    if (!receiver.source?.address) setImmediate(this.#context.guard(() => this.#begin(receiver)));
    else this.#begin(receiver);
  }

  #begin(receiver: Receiver): void {
    if (this.#phase !== "attaching") return;
    const { destination, prefetch, selector } = this.#request;
    if (selector !== undefined && !receiver.source?.filter?.[SELECTOR]) {
      this.#refuse("the broker would ignore the selector", {});
      return;
    }
    const address: unknown = receiver.source?.address;
    const temporary = destination.kind === "temp-queue";
    if (temporary && (typeof address !== "string" || address === "")) {
      this.#refuse("the broker did not name the temporary queue it was asked for", {});
      return;
    }
    this.#phase = "open";
    if (temporary) {
      this.#destination = destinationOf(this.#context.spelling, String(address), "temp-queue");
      this.#sink.onReady(this.#destination);
    } else this.#sink.onReady();
    // Credit comes last, because the sink may have closed the subscription.
    if (this.#phase !== "open") return;
    if (this.#browsing) this.#browsing.ask();
    else receiver.add_credit(prefetch);
  }

  /** The link or its AMQP session is gone, because we or the broker ended it. */
  #onDetach(error: AmqpError | Error | undefined): void {
    if (this.#phase === "over") return;
    if (this.#phase !== "closing") {
      const { condition, description } = error && "condition" in error ? error : {};
      const reason = describeCondition({ condition, description }, this.#context.redact);
      this.#refuse(reason, { retryable: isRetryable(condition) });
      return;
    }
    this.#link?.amqpSession.close();
    this.end();
  }

  #refuse(
    reason: string,
    details: { readonly retryable?: boolean; readonly cause?: UnsupportedError | InvalidArgumentError },
  ): void {
    const { endpoint } = this.#context;
    const ended = this.#phase === "open" ? "ended" : "refused";
    this.#link?.leave();
    this.#link?.amqpSession.close();
    this.end();
    const where = `${describeStart(formatDestination(this.#request.destination))} on ${formatAddress(endpoint)}`;
    const text = `The subscription to ${where} was ${ended}: ${reason}`;
    this.#sink.onRefused(new SubscriptionRefusedError(text, { endpoint, ...details }));
  }

  #onMessage(bytes: unknown, delivery: Delivery): void {
    let incoming: AmqpDelivery;
    try {
      incoming = readDelivery(bytes, delivery, this.#context.spelling, this.#destination);
    } catch (error) {
      this.#refuseUnread(unreadable(bytes, error), delivery);
      return;
    }
    this.#browsing?.onMessage(true);
    this.#credit.used();
    // A browser gets a copy: the message stays in the queue, whatever the outcome.
    if (this.#browsing) delivery.accept();
    this.#unsettled.add(incoming);
    this.#context.proveUseful();
    this.#sink.onDelivery(incoming);
    if (this.#phase === "open") this.#browsing?.onHandedOver();
  }

  /** A message that is not delivered is rejected by itself: ending the session would only bring it again. */
  #refuseUnread(message: UnreadMessage, delivery: Delivery): void {
    this.#browsing?.onMessage(false);
    this.#credit.used();
    if (this.#browsing) delivery.accept();
    else {
      const settlement: Settlement = { kind: "rejected", reason: message.reason };
      this.#dispose((amqpSession) => dispose(delivery, settlement, amqpSession));
      this.#credit.add();
    }
    const done = this.#browsing ? "left in its queue" : "rejected";
    const { endpoint, warn } = this.#context;
    warn(unreadWarning(message, done, this.#destination, endpoint));
    if (this.#phase === "open") this.#browsing?.onHandedOver();
  }

  #addCredit(credit: number): void {
    if (this.#phase === "open" && !this.#context.isOver()) this.#link?.receiver.add_credit(credit);
  }
}
