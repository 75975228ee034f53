/** One subscription: a receiver link on an AMQP session of its own, with the prefetch as its credit. */
import rhea, { type AmqpError, type Delivery, type EventContext, type Receiver, type Session } from "rhea";
import { formatAddress, SubscriptionRefusedError } from "../../errors.ts";
import { formatDestination } from "../../messaging/destination.ts";
import type {
  IncomingDelivery,
  SessionSubscription,
  Settlement,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../messaging/messaging-session.ts";
import { ReceivedMessage } from "../../messaging/received-message.ts";
import type { SessionContext } from "./amqp-session.ts";
import { spell } from "./destination.ts";
import { describeCondition, isRetryable } from "./failures.ts";
import { decodeMessage } from "./message.ts";

/** rhea stops receiving this many deliveries after the oldest unsettled one; its default of 2048 is soon reached. */
const MIN_WINDOW = 8192;
/** The key rhea's filter gives a selector; brokers echo the filters they apply (AMQP 1.0, 3.5.8). */
const SELECTOR = "jms-selector";
/** Our word for a rejection by the application; AMQP has none. */
const REJECTED = "masterslave-transport:rejected";

interface Link {
  readonly amqpSession: Session;
  readonly receiver: Receiver;
}

export class AmqpSubscription implements SessionSubscription {
  readonly #context: SessionContext;
  readonly #request: SubscriptionRequest;
  readonly #sink: SubscriptionSink;
  readonly #unsettled = new Map<IncomingDelivery, Delivery>();
  readonly #over: Promise<void>;
  readonly #resolveOver: () => void;
  /** `closing`: our detach is on its way. */
  #phase: "attaching" | "open" | "closing" | "over" = "attaching";
  #link: Link | undefined;
  #owedCredit = 0;

  /** `onOver` is called once, when the broker has no part in it any more. */
  constructor(context: SessionContext, request: SubscriptionRequest, sink: SubscriptionSink, onOver: () => void) {
    this.#context = context;
    this.#request = request;
    this.#sink = sink;
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
    const { guard, connection, spelling } = this.#context;
    const { destination, prefetch, selector } = this.#request;
    const amqpSession = connection.create_session({ incoming: Math.max(MIN_WINDOW, 2 * prefetch) });
    amqpSession.on(
      "session_close",
      guard(() => this.#onDetach(amqpSession.error)),
    );
    amqpSession.begin();
    const receiver = amqpSession.attach_receiver({
      source: {
        ...spell(spelling, destination),
        ...(selector !== undefined && { filter: rhea.filter.selector(selector) }),
      },
      snd_settle_mode: 0,
      autoaccept: false,
      credit_window: 0,
    });
    this.#link = { amqpSession, receiver };
    receiver.on(
      "receiver_open",
      guard(() => this.#onAttach(receiver)),
    );
    receiver.on(
      "receiver_close",
      guard(() => this.#onDetach(receiver.error)),
    );
    receiver.on(
      "message",
      guard((context) => this.#onMessage(context)),
    );
  }

  settle(incoming: IncomingDelivery, settlement: Settlement): "settled" | "stale" {
    const link = this.#link;
    const delivery = this.#unsettled.get(incoming);
    if (!link || !delivery || this.#phase !== "open" || this.#context.isOver()) return "stale";
    this.#unsettled.delete(incoming);
    this.#context.guard(() => {
      dispose(delivery, settlement, link);
      this.#returnCredit();
    })();
    return "settled";
  }

  close(): Promise<void> {
    if (this.#phase === "attaching" || this.#phase === "open") {
      this.#phase = "closing";
      this.#context.guard(() => this.#giveBack())();
    }
    return this.#over;
  }

  /** The session is over, and this with it. */
  end(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#unsettled.clear();
    this.#resolveOver();
  }

  #giveBack(): void {
    const link = this.#link;
    if (!link) return;
    for (const delivery of this.#unsettled.values()) dispose(delivery, { kind: "released" }, link);
    this.#unsettled.clear();
    link.receiver.close();
  }

  #onAttach(receiver: Receiver): void {
    if (this.#phase !== "attaching") return;
    // A source without an address announces a refusal, whose detach follows (AMQP 1.0, 2.6.3); not every peer sets one.
    if (!receiver.source?.address) setImmediate(this.#context.guard(() => this.#begin(receiver)));
    else this.#begin(receiver);
  }

  #begin(receiver: Receiver): void {
    if (this.#phase !== "attaching") return;
    if (this.#request.selector !== undefined && !receiver.source?.filter?.[SELECTOR]) {
      this.#refuse("the broker would ignore the selector", false);
      return;
    }
    this.#phase = "open";
    this.#sink.onReady();
    // Credit comes last; the sink may have closed us.
    if (this.#phase === "open") receiver.add_credit(this.#request.prefetch);
  }

  /** The link or its AMQP session is gone, by our wish or the broker's. */
  #onDetach(error: AmqpError | Error | undefined): void {
    if (this.#phase === "over") return;
    if (this.#phase !== "closing") {
      const reason = error && "condition" in error ? error : {};
      this.#refuse(describeCondition(reason), isRetryable(reason.condition ?? undefined));
      return;
    }
    this.#link?.amqpSession.close();
    this.end();
  }

  #refuse(reason: string, retryable: boolean): void {
    const { endpoint } = this.#context;
    const ended = this.#phase === "open" ? "ended" : "refused";
    this.#link?.receiver.close();
    this.#link?.amqpSession.close();
    this.end();
    const where = `${formatDestination(this.#request.destination)} on ${formatAddress(endpoint)}`;
    const text = `The subscription to ${where} was ${ended}: ${reason}`;
    this.#sink.onRefused(new SubscriptionRefusedError(text, { endpoint, retryable }));
  }

  #onMessage({ message, delivery }: EventContext): void {
    if (this.#phase !== "open" || delivery === undefined || message === undefined) return;
    const incoming = this.#read(message, delivery);
    if (incoming === undefined) return;
    this.#unsettled.set(incoming, delivery);
    this.#context.proveUseful();
    this.#sink.onDelivery(incoming);
  }

  /** A message that cannot be read is refused by itself: ending the session would only bring it again. */
  #read(message: NonNullable<EventContext["message"]>, delivery: Delivery): IncomingDelivery | undefined {
    // Of a message format that is not AMQP's own, rhea hands over the bytes.
    const readable = Buffer.isBuffer(message) ? { body: message } : message;
    try {
      const content = decodeMessage(readable, this.#context.spelling, this.#request.destination);
      const deliveryCount = readable.delivery_count ?? 0;
      return { message: new ReceivedMessage(content), redelivered: deliveryCount > 0, deliveryCount };
    } catch (error) {
      if (this.#link) dispose(delivery, { kind: "rejected", reason: `It cannot be read: ${error}` }, this.#link);
      this.#returnCredit();
      return undefined;
    }
  }

  /** What is settled in one turn of the loop comes back in one flow. */
  #returnCredit(): void {
    this.#owedCredit += 1;
    if (this.#owedCredit > 1) return;
    setImmediate(
      this.#context.guard(() => {
        const credit = this.#owedCredit;
        this.#owedCredit = 0;
        if (this.#phase === "open" && !this.#context.isOver()) this.#link?.receiver.add_credit(credit);
      }),
    );
  }
}

/**
 * rhea joins neighbouring deliveries settled in one turn into one disposition, and gives the second the outcome of the
 * first (write_dispositions in its session.js): only `accepted` may wait for company.
 */
function dispose(delivery: Delivery, settlement: Settlement, { amqpSession }: Link): void {
  if (settlement.kind === "accepted") {
    delivery.accept();
    return;
  }
  writeDispositions(amqpSession);
  if (settlement.kind === "released") delivery.release();
  else if (settlement.kind === "rejected") {
    const { reason } = settlement;
    delivery.reject(reason === undefined ? undefined : { condition: REJECTED, description: reason });
  } else {
    const { deliveryFailed, undeliverableHere } = settlement;
    delivery.modified({ delivery_failed: deliveryFailed, undeliverable_here: undeliverableHere });
  }
  writeDispositions(amqpSession);
}

/** What rhea does at the end of the tick, done now; beyond its typings. */
function writeDispositions(amqpSession: Session): void {
  const { incoming } = amqpSession as Session & { readonly incoming: { process(session: Session): void } };
  incoming.process(amqpSession);
}
