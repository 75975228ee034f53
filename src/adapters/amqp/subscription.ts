/** One subscription: a receiver link on an AMQP session of its own, with the prefetch as its credit. */
import type { AmqpError, Delivery, EventContext, Receiver } from "rhea";
import { formatAddress, SubscriptionRefusedError, UnsupportedError } from "../../errors.ts";
import { type Destination, formatDestination } from "../../messaging/destination.ts";
import type {
  IncomingDelivery,
  SessionSubscription,
  Settlement,
  SettlementTerms,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../messaging/messaging-session.ts";
import type { SessionContext } from "./amqp-session.ts";
import { Browsing } from "./browsing.ts";
import { destinationOf } from "./destination.ts";
import { EnlistedDeliveries } from "./enlisted-deliveries.ts";
import { describeCondition, isRetryable } from "./failures.ts";
import { keepTransfersEncoded, readDelivery } from "./incoming-message.ts";
import { OwedCredit } from "./owed-credit.ts";
import { dispose, type ReceivingSession, settleInTransaction } from "./settlement.ts";
import { type AttachTerms, attachTermsOf } from "./source.ts";
import { AmqpTransaction } from "./transaction.ts";

/** rhea stops receiving this many deliveries after the oldest unsettled one; its default of 2048 is soon reached. */
const MIN_WINDOW = 8192;
/** The key rhea's filter gives a selector; brokers echo the filters they apply (AMQP 1.0, 3.5.8). */
const SELECTOR = "jms-selector";

/** How a rollback gives back what was accepted: both brokers count the delivery. */
const COMES_AGAIN: Settlement = { kind: "modified", deliveryFailed: true, undeliverableHere: false };

interface Link {
  readonly amqpSession: ReceivingSession;
  readonly receiver: Receiver;
  readonly outlivesLink: boolean;
  readonly browsing: Browsing | undefined;
}

export class AmqpSubscription implements SessionSubscription {
  readonly #context: SessionContext;
  readonly #request: SubscriptionRequest;
  readonly #sink: SubscriptionSink;
  readonly #unsettled = new Map<IncomingDelivery, Delivery>();
  readonly #enlisted = new EnlistedDeliveries({
    accept: (delivery, txnId) => this.#dispose((amqpSession) => settleInTransaction(delivery, txnId, amqpSession)),
    giveBack: (delivery) => this.#dispose((amqpSession) => dispose(delivery, COMES_AGAIN, amqpSession)),
  });
  readonly #credit: OwedCredit;
  readonly #over: Promise<void>;
  readonly #resolveOver: () => void;
  /** `closing`: our detach is on its way. */
  #phase: "attaching" | "open" | "closing" | "over" = "attaching";
  #link: Link | undefined;
  /** Of its messages that do not say. */
  #destination: Destination;
  /** The transfer at hand takes its delivery back, which rhea would hand over cut short. */
  #aborted = false;

  /** `onOver` is called once, when the broker has no part in it any more. */
  constructor(context: SessionContext, request: SubscriptionRequest, sink: SubscriptionSink, onOver: () => void) {
    this.#context = context;
    this.#request = request;
    this.#destination = request.destination;
    this.#sink = sink;
    this.#credit = new OwedCredit(context.guard((credit) => this.#addCredit(credit)));
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
      if (!(cause instanceof UnsupportedError)) throw cause;
      // As late as any broker's refusal: whoever subscribes has no subscription yet.
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
    const delivery = this.#unsettled.get(incoming);
    if (!link || !delivery || this.#phase !== "open" || this.#context.isOver()) return "stale";
    if (link.browsing) {
      this.#unsettled.delete(incoming);
      link.browsing.onRead();
      return "settled";
    }
    if (transaction !== undefined) return this.#enlist(incoming, delivery, transaction);
    this.#unsettled.delete(incoming);
    this.#context.guard(() => {
      dispose(delivery, settlement, link.amqpSession);
      this.#credit.add();
    })();
    return "settled";
  }

  close(): Promise<void> {
    const phase = this.#phase;
    if (phase === "attaching" || phase === "open") {
      this.#phase = "closing";
      if (!this.#link) this.end();
      // rhea attaches a link again that is closed before its attach is answered: #onAttach closes it then.
      else if (phase === "open") this.#context.guard(() => this.#giveBack())();
    }
    return this.#over;
  }

  /** The session is over, and this with it. */
  end(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#unsettled.clear();
    this.#abandonEnlisted();
    this.#resolveOver();
  }

  #attach({ source, name, outlivesLink }: AttachTerms): void {
    const { guard, connection } = this.#context;
    const { prefetch, browse } = this.#request;
    const amqpSession = connection.create_session({ incoming: Math.max(MIN_WINDOW, 2 * prefetch) }) as ReceivingSession;
    keepTransfersEncoded(amqpSession, (aborted) => {
      this.#aborted = aborted;
    });
    amqpSession.on(
      "session_close",
      guard(() => this.#onDetach(amqpSession.error)),
    );
    amqpSession.begin();
    const receiver = amqpSession.attach_receiver({
      ...(name !== undefined && { name }),
      source,
      snd_settle_mode: 0,
      autoaccept: false,
      credit_window: 0,
    });
    const browsing = browse ? new Browsing(receiver, prefetch, () => this.#onBrowsed()) : undefined;
    this.#link = { amqpSession, receiver, outlivesLink, browsing };
    const on = (event: string, work: (context: EventContext) => void) => receiver.on(event, guard(work));
    on("receiver_open", () => this.#onAttach(receiver));
    on("receiver_close", () => this.#onDetach(receiver.error));
    on("receiver_drained", () => {
      if (this.#phase === "open") browsing?.onDrained();
    });
    on("message", (context) => this.#onMessage(context));
  }

  #enlist(
    incoming: IncomingDelivery,
    delivery: Delivery,
    transaction: NonNullable<SettlementTerms["transaction"]>,
  ): "settled" | Promise<never> {
    if (!(transaction instanceof AmqpTransaction) || !transaction.belongsTo(this.#context)) {
      return Promise.reject(new UnsupportedError("A delivery is accepted in a transaction of its own session alone"));
    }
    const { over } = transaction;
    if (over) return Promise.reject(over);
    this.#unsettled.delete(incoming);
    this.#enlisted.enlist(delivery, transaction);
    // Work goes on within a transaction that accepts more than the prefetch.
    this.#credit.add();
    return "settled";
  }

  #dispose(settle: (amqpSession: ReceivingSession) => void): void {
    if (this.#link) settle(this.#link.amqpSession);
  }

  #giveBack(): void {
    const deliveries = [...this.#unsettled.values(), ...this.#abandonEnlisted()];
    this.#unsettled.clear();
    if (!this.#link) return;
    const { amqpSession, browsing } = this.#link;
    if (!browsing) for (const delivery of deliveries) dispose(delivery, { kind: "released" }, amqpSession);
    leave(this.#link);
  }

  #abandonEnlisted(): readonly Delivery[] {
    const where = formatDestination(this.#request.destination);
    return this.#enlisted.abandon(`the subscription to ${where} ended, of which it has accepted`);
  }

  #onAttach(receiver: Receiver): void {
    if (this.#phase === "closing") this.#giveBack();
    if (this.#phase !== "attaching") return;
    // A source without an address announces a refusal, whose detach follows (AMQP 1.0, 2.6.3); not every peer sets one.
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
    this.#phase = "open";
    if (destination.kind === "temp-queue") {
      this.#destination = destinationOf(this.#context.spelling, receiver.source.address, "temp-queue");
      this.#sink.onReady(this.#destination);
    } else this.#sink.onReady();
    // Credit comes last; the sink may have closed us.
    if (this.#phase !== "open") return;
    const { browsing } = this.#link ?? {};
    if (browsing) browsing.ask();
    else receiver.add_credit(prefetch);
  }

  #onBrowsed(): void {
    if (this.#phase === "open") this.#sink.onBrowsed();
  }

  /** The link or its AMQP session is gone, by our wish or the broker's. */
  #onDetach(error: AmqpError | Error | undefined): void {
    if (this.#phase === "over") return;
    if (this.#phase !== "closing") {
      const { condition, description } = error && "condition" in error ? error : {};
      const reason = this.#context.conceal(describeCondition({ condition, description }));
      this.#refuse(reason, { retryable: isRetryable(condition) });
      return;
    }
    this.#link?.amqpSession.close();
    this.end();
  }

  #refuse(reason: string, details: { readonly retryable?: boolean; readonly cause?: UnsupportedError }): void {
    const { endpoint } = this.#context;
    const ended = this.#phase === "open" ? "ended" : "refused";
    if (this.#link) leave(this.#link);
    this.#link?.amqpSession.close();
    this.end();
    const where = `${formatDestination(this.#request.destination)} on ${formatAddress(endpoint)}`;
    const text = `The subscription to ${where} was ${ended}: ${reason}`;
    this.#sink.onRefused(new SubscriptionRefusedError(text, { endpoint, ...details }));
  }

  #onMessage({ message, delivery }: EventContext): void {
    if (this.#phase !== "open" || delivery === undefined) return;
    if (this.#aborted) {
      // The broker has settled it; rhea would answer.
      Object.assign(delivery, { remote_settled: true });
      delivery.update(true);
      this.#credit.add();
      return;
    }
    const incoming = this.#read(message, delivery);
    const { browsing } = this.#link ?? {};
    browsing?.onMessage(incoming !== undefined);
    if (incoming) {
      // A copy: the message stays where it is, whatever is said of it.
      if (browsing) delivery.accept();
      this.#unsettled.set(incoming, delivery);
      this.#context.proveUseful();
      this.#sink.onDelivery(incoming);
    } else if (!browsing) this.#credit.add();
    if (this.#phase === "open") browsing?.onHandedOver();
  }

  /** A message that cannot be read is rejected by itself: ending the session would only bring it again. */
  #read(bytes: unknown, delivery: Delivery): IncomingDelivery | undefined {
    try {
      return readDelivery(bytes, delivery, this.#context.spelling, this.#destination);
    } catch (error) {
      const reason = `It cannot be read: ${error}`;
      this.#dispose((amqpSession) => dispose(delivery, { kind: "rejected", reason }, amqpSession));
      return undefined;
    }
  }

  #addCredit(credit: number): void {
    if (this.#phase === "open" && !this.#context.isOver()) this.#link?.receiver.add_credit(credit);
  }
}

/** Closing the link of a durable subscription would delete it. */
function leave({ receiver, outlivesLink }: Link): void {
  if (outlivesLink) receiver.detach();
  else receiver.close();
}
