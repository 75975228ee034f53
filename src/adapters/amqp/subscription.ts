/** One subscription: a receiver link on an AMQP session of its own, with the prefetch as its credit. */
import rhea, { type AmqpError, type Delivery, type EventContext, type Message, type Receiver } from "rhea";
import { formatAddress, MasterSlaveError, SubscriptionRefusedError } from "../../errors.ts";
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
import { dispose, type ReceivingSession } from "./settlement.ts";

/** rhea stops receiving this many deliveries after the oldest unsettled one; its default of 2048 is soon reached. */
const MIN_WINDOW = 8192;
/** The key rhea's filter gives a selector; brokers echo the filters they apply (AMQP 1.0, 3.5.8). */
const SELECTOR = "jms-selector";
/** A message format of nobody's: rhea hands over the bytes of any format but AMQP's own, 0. */
const STILL_ENCODED = 0xffff_ffff;

interface Link {
  readonly amqpSession: ReceivingSession;
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
  /** The transfer at hand takes its delivery back (AMQP 1.0, 2.7.5), which rhea would hand over cut short. */
  #aborted = false;

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
    const amqpSession = connection.create_session({ incoming: Math.max(MIN_WINDOW, 2 * prefetch) }) as ReceivingSession;
    this.#keepTransfersEncoded(amqpSession);
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
    const on = (event: string, work: (context: EventContext) => void) => receiver.on(event, guard(work));
    on("receiver_open", () => this.#onAttach(receiver));
    on("receiver_close", () => this.#onDetach(receiver.error));
    on("message", (context) => this.#onMessage(context));
  }

  settle(incoming: IncomingDelivery, settlement: Settlement): "settled" | "stale" {
    const link = this.#link;
    const delivery = this.#unsettled.get(incoming);
    if (!link || !delivery || this.#phase !== "open" || this.#context.isOver()) return "stale";
    this.#unsettled.delete(incoming);
    this.#context.guard(() => {
      dispose(delivery, settlement, link.amqpSession);
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
    for (const delivery of this.#unsettled.values()) dispose(delivery, { kind: "released" }, link.amqpSession);
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
      this.#refuse(this.#context.conceal(describeCondition(reason)), isRetryable(reason.condition ?? undefined));
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

  /** So that a message rhea cannot decode fails here, by itself, and not the whole connection. */
  #keepTransfersEncoded(amqpSession: ReceivingSession): void {
    const receive = amqpSession.on_transfer.bind(amqpSession);
    amqpSession.on_transfer = (frame) => {
      if (!frame.performative.message_format) frame.performative.message_format = STILL_ENCODED;
      this.#aborted = frame.performative.aborted === true;
      receive(frame);
    };
  }

  #onMessage({ message, delivery }: EventContext): void {
    if (this.#phase !== "open" || delivery === undefined) return;
    if (this.#aborted) {
      // The broker has settled it; rhea would answer.
      Object.assign(delivery, { remote_settled: true });
      delivery.update(true);
      this.#returnCredit();
      return;
    }
    const incoming = this.#read(message, delivery);
    if (incoming === undefined) return;
    this.#unsettled.set(incoming, delivery);
    this.#context.proveUseful();
    this.#sink.onDelivery(incoming);
  }

  /** A message that cannot be read is rejected by itself: ending the session would only bring it again. */
  #read(bytes: unknown, delivery: Delivery): IncomingDelivery | undefined {
    try {
      if (!Buffer.isBuffer(bytes)) throw new MasterSlaveError("INTERNAL", "rhea has decoded what it was told not to");
      const message = delivery.format === STILL_ENCODED ? decode(bytes) : { body: bytes };
      const content = decodeMessage(message, this.#context.spelling, this.#request.destination);
      const deliveryCount = message.delivery_count ?? 0;
      return { message: new ReceivedMessage(content), redelivered: deliveryCount > 0, deliveryCount };
    } catch (error) {
      const reason = `It cannot be read: ${error}`;
      if (this.#link) dispose(delivery, { kind: "rejected", reason }, this.#link.amqpSession);
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

function decode(bytes: Buffer): Message {
  // rhea's typings of a decoded message know only its methods.
  return rhea.message.decode(bytes) as unknown as Message;
}
