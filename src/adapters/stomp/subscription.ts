/** One subscription of a session: SUBSCRIBE, deliveries, settlements, and giving deliveries back by subscribing anew. */
import type { FrameHeaders } from "stompit";
import { formatAddress, SubscriptionRefusedError } from "../../errors.ts";
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
import { findUnsendable } from "./header-limits.ts";
import { decodeMessage, headerText } from "./message.ts";
import { meaningOf, settlingHeaders } from "./settlement.ts";
import type { SubscriptionIds } from "./subscription-ids.ts";
import type { Wire } from "./wire.ts";

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
    if (wire.open) this.#subscribe();
  }

  #subscribe(): void {
    const id = this.#ids.issue(this);
    this.#id = id;
    const { peer } = this.#wire;
    const headers = { id, ...subscribeHeaders(this.#request, peer.dialect) };
    const unsendable = findUnsendable(headers, peer);
    if (unsendable) {
      // In a turn of its own: the caller is not through with its call yet.
      this.end();
      queueMicrotask(() => this.#wire.guard(() => this.#tellRefused(`it has ${unsendable}`)));
      return;
    }
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

  #refused(id: string, { text, cause }: BrokerRefusal): void {
    if (this.#id !== id) return;
    this.end();
    this.#tellRefused(text, cause);
  }

  #tellRefused(why: string, cause?: Error): void {
    const { endpoint } = this.#wire.peer;
    const what = formatDestination(this.#request.destination);
    const message = `${formatAddress(endpoint)} refused the subscription to ${what}: ${why}`;
    this.#sink.onRefused(new SubscriptionRefusedError(message, { endpoint, cause }));
  }

  /** So much is unsettled that the peer cannot be counting; it has to be held in memory. */
  get overrun(): boolean {
    return this.#unsettled.size >= MAX_OVERRUN * this.#request.prefetch + MIN_OVERRUN;
  }

  /** A MESSAGE frame with one of our ids. */
  receive(headers: FrameHeaders, body: Buffer): void {
    const { peer } = this.#wire;
    const delivery: IncomingDelivery = {
      message: decodeMessage(headers, body, peer.dialect),
      redelivered: headerText(headers, "redelivered") === "true",
      deliveryCount: undefined,
    };
    this.#unsettled.set(delivery, settlingHeaders(headers, peer));
    this.#sink.onDelivery(delivery);
  }

  settle(delivery: IncomingDelivery, settlement: Settlement): "settled" | "stale" {
    const headers = this.#unsettled.get(delivery);
    if (headers === undefined || !this.#wire.open) return "stale";
    const means = meaningOf(settlement, this.#request.destination, this.#wire.peer);
    this.#unsettled.delete(delivery);
    if (means === "give-back") this.#renewal ??= setImmediate(() => this.#wire.guard(() => this.#renew()));
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
    this.#sink.onGivenBack();
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

/** Prefetch is approximate on Artemis, which counts bytes: many small messages fit where few were asked for. */
const MAX_OVERRUN = 64;
const MIN_OVERRUN = 1000;
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
