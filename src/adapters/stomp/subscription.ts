/** One subscription of a session: SUBSCRIBE, deliveries, settlements, and giving deliveries back by subscribing anew. */
import type { FrameHeaders } from "stompit";
import { formatAddress, SubscriptionRefusedError, UnsupportedError } from "../../errors.ts";
import { formatDestination } from "../../messaging/destination.ts";
import type {
  IncomingDelivery,
  SessionSubscription,
  Settlement,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../messaging/messaging-session.ts";
import type { Dialect } from "./broker.ts";
import { addressSubscribe } from "./destination.ts";
import type { BrokerRefusal } from "./failures.ts";
import { decodeMessage, headerText } from "./message.ts";
import type { Wire } from "./wire.ts";

/** The ids a session has given its subscriptions: a subscription changes its id when it gives deliveries back. */
export class SubscriptionIds {
  readonly #byId = new Map<string, StompSubscription>();
  #last = 0;

  issue(subscription: StompSubscription): string {
    const id = String(++this.#last);
    this.#byId.set(id, subscription);
    return id;
  }

  withdraw(id: string): void {
    this.#byId.delete(id);
  }

  find(id: string | undefined): StompSubscription | undefined {
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** Whether a message may come for this id, if only because it was on its way when the id was withdrawn. */
  wasIssued(id: string | undefined): boolean {
    const number = Number(id);
    return Number.isInteger(number) && number >= 1 && number <= this.#last;
  }

  all(): readonly StompSubscription[] {
    return [...this.#byId.values()];
  }
}

export class StompSubscription implements SessionSubscription {
  readonly #wire: Wire;
  readonly #ids: SubscriptionIds;
  readonly #request: SubscriptionRequest;
  readonly #sink: SubscriptionSink;
  /** Each unsettled delivery with the headers that settle it. */
  readonly #unsettled = new Map<IncomingDelivery, Record<string, string>>();
  /** The id the broker knows; undefined when this is over. */
  #id: string | undefined;
  #renewal: NodeJS.Immediate | undefined;
  #closed: Promise<void> | undefined;
  #ready = false;

  constructor(wire: Wire, ids: SubscriptionIds, request: SubscriptionRequest, sink: SubscriptionSink) {
    this.#wire = wire;
    this.#ids = ids;
    this.#request = request;
    this.#sink = sink;
    if (request.selector?.includes("\0")) queueMicrotask(() => this.#refused(undefined, UNSENDABLE_SELECTOR));
    else if (wire.open) this.#subscribe();
  }

  #subscribe(): void {
    const id = this.#ids.issue(this);
    this.#id = id;
    const headers = { id, ...subscribeHeaders(this.#request, this.#wire.peer.dialect) };
    this.#wire.request("SUBSCRIBE", headers, {
      onReceipt: () => this.#isReady(id),
      onRefused: (refusal) => this.#refused(id, refusal),
    });
  }

  #isReady(id: string): void {
    if (this.#ready || this.#id !== id) return;
    this.#ready = true;
    this.#sink.onReady();
  }

  #refused(id: string | undefined, { text, cause }: Pick<BrokerRefusal, "text" | "cause">): void {
    if (this.#id !== id) return;
    this.end();
    const { endpoint } = this.#wire.peer;
    const what = formatDestination(this.#request.destination);
    const message = `${formatAddress(endpoint)} refused the subscription to ${what}: ${text}`;
    this.#sink.onRefused(new SubscriptionRefusedError(message, { endpoint, cause }));
  }

  /** A MESSAGE frame with one of our ids. */
  receive(headers: FrameHeaders, body: Buffer): void {
    const { dialect, version } = this.#wire.peer;
    const delivery: IncomingDelivery = {
      message: decodeMessage(headers, body, dialect),
      redelivered: headerText(headers, "redelivered") === "true",
      deliveryCount: undefined,
    };
    this.#unsettled.set(delivery, version === "1.2" ? ackHeaders12(headers) : ackHeaders11(headers));
    this.#sink.onDelivery(delivery);
  }

  settle(delivery: IncomingDelivery, settlement: Settlement): "settled" | "stale" {
    const headers = this.#unsettled.get(delivery);
    if (headers === undefined || !this.#wire.open) return "stale";
    const { dialect, broker } = this.#wire.peer;
    const means = meaningOf(settlement, dialect, this.#request, broker.product);
    this.#unsettled.delete(delivery);
    if (means === "give-back") this.#renewal ??= setImmediate(() => this.#renew());
    else this.#wire.write(means, headers);
    return "settled";
  }

  /**
   * STOMP gives nothing back singly: both brokers take back all that is unsettled when a subscription ends. So the
   * other unsettled deliveries become stale with it, and no ACK of theirs may follow: Artemis would close the connection.
   */
  #renew(): void {
    this.#renewal = undefined;
    const old = this.#id;
    if (old === undefined || !this.#wire.open) return;
    this.#unsettled.clear();
    this.#ids.withdraw(old);
    this.#wire.request("UNSUBSCRIBE", { id: old }, { onReceipt: () => {}, onRefused: () => {} });
    this.#subscribe();
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const id = this.#id;
      this.end();
      if (id === undefined || !this.#wire.open) resolve();
      else
        this.#wire.request(
          "UNSUBSCRIBE",
          { id },
          { onReceipt: resolve, onRefused: () => resolve(), onSessionEnd: resolve },
        );
    });
    return this.#closed;
  }

  /** Nothing more is delivered or settled: the session is over, or the broker refused. */
  end(): void {
    clearImmediate(this.#renewal);
    this.#renewal = undefined;
    this.#unsettled.clear();
    if (this.#id !== undefined) this.#ids.withdraw(this.#id);
    this.#id = undefined;
  }
}

const UNSENDABLE_SELECTOR = {
  text: "the selector has a NUL, which no STOMP header can carry",
  cause: new Error("NUL in a header"),
};

/** Artemis counts bytes: a message of text with its headers is taken to be this large. */
const ASSUMED_MESSAGE_BYTES = 1024;

function subscribeHeaders(request: SubscriptionRequest, dialect: Dialect): Record<string, string> {
  const { destination, prefetch, selector } = request;
  return {
    ...addressSubscribe(destination, dialect),
    ack: "client-individual",
    ...(dialect.prefetch === "messages"
      ? { "activemq.prefetchSize": String(prefetch) }
      : // A window of 0 is one message at a time, exactly; more than one can only be guessed at.
        { "consumer-window-size": String(prefetch === 1 ? 0 : prefetch * ASSUMED_MESSAGE_BYTES) }),
    ...(selector === undefined ? {} : { selector }),
  };
}

/** STOMP 1.2: the id alone, which keeps the frame short. Classic stops for good when 64 KiB of ACKs wait unread. */
function ackHeaders12(headers: FrameHeaders): Record<string, string> {
  return { id: headerText(headers, "ack") ?? headerText(headers, "message-id") ?? "" };
}

function ackHeaders11(headers: FrameHeaders): Record<string, string> {
  return {
    subscription: headerText(headers, "subscription") ?? "",
    "message-id": headerText(headers, "message-id") ?? "",
  };
}

/** @throws UnsupportedError where STOMP or this broker has nothing that means the same. */
function meaningOf(
  settlement: Settlement,
  dialect: Dialect,
  { destination }: SubscriptionRequest,
  product: string,
): "ACK" | "NACK" | "give-back" {
  switch (settlement.kind) {
    case "accepted":
      return "ACK";
    case "rejected":
      if (dialect.nack === "dead-letter") return "NACK";
      throw new UnsupportedError(
        `reject() is not possible over STOMP on ${product}, which discards a rejected message instead of making it a dead letter: use AMQP, or send it where you want it and accept() it`,
      );
    case "released":
      if (destination.kind === "queue") return "give-back";
      throw new UnsupportedError(
        "release() is not possible over STOMP on a topic: a topic keeps nothing to give back to",
      );
    case "modified":
      throw new UnsupportedError("modify() is not possible over STOMP: use release(), reject() or accept()");
  }
}
