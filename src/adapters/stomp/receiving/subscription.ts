/** One subscription of a session: SUBSCRIBE, deliveries, settlements, and releasing deliveries by subscribing again. */
import { randomUUID } from "node:crypto";
import { LinkedSet } from "../../../async/linked-set.ts";
import { formatAddress, MasterSlaveError, SubscriptionRefusedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type {
  IncomingDelivery,
  SessionSubscription,
  Settlement,
  SettlementTerms,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../../messaging/port/messaging-session.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import { decodeMessage } from "../messages/message.ts";
import { type BrokerRefusal, saysInUse } from "../opening/refusal.ts";
import type { StorageBarrier } from "../sending/storage-barrier.ts";
import type { Wire } from "../sending/wire.ts";
import { PrefetchWarning } from "./prefetch-warning.ts";
import { answerTooLarge, placeOfBroken, refuseBroken, tooLargeText, unanswerable } from "./refused-message.ts";
import { Release } from "./release.ts";
import { acknowledge, type SettleResult, settleOnWire } from "./settle-on-wire.ts";
import { keeps, meaningOf, type SettlementMeans, settlingLines } from "./settlement.ts";
import { StompDelivery } from "./stomp-delivery.ts";
import { subscribeHeaders } from "./subscribe-headers.ts";
import type { SubscriptionIds } from "./subscription-ids.ts";
import { whyUnacknowledgeable } from "./unacknowledgeable.ts";

/** What a subscription needs of its session. */
export interface SubscriptionDeps {
  readonly wire: Wire;
  readonly ids: SubscriptionIds<StompSubscription>;
  readonly barrier: StorageBarrier;
}

export class StompSubscription implements SessionSubscription {
  readonly #wire: Wire;
  readonly #ids: SubscriptionIds<StompSubscription>;
  readonly #barrier: StorageBarrier;
  readonly #request: SubscriptionRequest;
  readonly #sink: SubscriptionSink;
  readonly #prefetchWarning: PrefetchWarning;
  readonly #giveBack: Release;
  readonly #unsettled = new LinkedSet<StompDelivery>();
  /** The id that the broker knows; undefined when the subscription is over. */
  #id: string | undefined;
  #closed: Promise<void> | undefined;
  #ready = false;

  constructor({ wire, ids, barrier }: SubscriptionDeps, request: SubscriptionRequest, sink: SubscriptionSink) {
    this.#wire = wire;
    this.#ids = ids;
    this.#barrier = barrier;
    const { destination } = request;
    // Classic creates a temporary queue of any name for this connection.
    const temporary = destination.kind === "temp-queue";
    this.#request = temporary ? { ...request, destination: { kind: "temp-queue", name: randomUUID() } } : request;
    this.#sink = sink;
    this.#prefetchWarning = new PrefetchWarning(request.prefetch);
    this.#giveBack = new Release(wire, sink, () => this.#renew());
    if (wire.open) this.#subscribe();
  }

  #subscribe(): void {
    const id = this.#ids.issue(this);
    this.#id = id;
    let headers: Record<string, string>;
    try {
      headers = { id, ...subscribeHeaders(this.#request, this.#wire.peer) };
    } catch (reason) {
      this.end();
      const cause = MasterSlaveError.from(reason);
      // In a microtask, because the caller has not returned from its own call yet.
      queueMicrotask(() => this.#wire.guard(() => this.#tellRefused(cause.message, cause)));
      return;
    }
    const answers = {
      subscribes: true,
      onReceipt: () => this.#isReady(id),
      onRefused: (refusal: BrokerRefusal) => this.#refused(id, refusal),
    } as const;
    if (this.#receiptStalls) this.#wire.requestBehind("SUBSCRIBE", headers, { ...answers, unnamed: true });
    else this.#wire.request("SUBSCRIBE", headers, answers);
  }

  get #receiptStalls(): boolean {
    return this.#wire.peer.dialect.receiptStallsPatterns && /[*>,]/.test(this.#request.destination.name);
  }

  #isReady(id: string): void {
    if (this.#ready || this.#id !== id) return;
    this.#ready = true;
    const { destination } = this.#request;
    if (destination.kind === "temp-queue") this.#sink.onReady(destination);
    else this.#sink.onReady();
  }

  #refused(id: string, refusal: BrokerRefusal): void {
    if (this.#id !== id) return;
    this.end();
    this.#tellRefused(refusal.text, refusal.cause, saysInUse(refusal));
  }

  #tellRefused(why: string, cause?: Error, retryable = false): void {
    const { endpoint } = this.#wire.peer;
    const what = formatDestination(this.#request.destination);
    const message = `${formatAddress(endpoint)} refused the subscription to ${what}: ${why}`;
    this.#sink.onRefused(new SubscriptionRefusedError(message, { endpoint, cause, retryable }));
  }

  /** Whether so much is unsettled that the peer ignores the prefetch; it all has to be held in memory. */
  get overrun(): boolean {
    return this.#unsettled.size >= MAX_OVERRUN * this.#request.prefetch + MIN_OVERRUN;
  }

  /** Handles a MESSAGE frame whose body is larger than maxMessageBytes: nothing of the body was kept. */
  refuseTooLarge(headers: HeaderBlock, bytes: number): void {
    const { peer } = this.#wire;
    const text = tooLargeText(headers, bytes, this.#request, peer);
    const answer = answerTooLarge(headers, this.#request, peer);
    const { endpoint, onWarning } = peer;
    if (answer?.command) this.#wire.write(answer.command, settlingLines(headers, peer));
    const outcome = answer ? `it was ${answer.done}, not delivered` : "it stays in its queue, and its consumer ends";
    onWarning({ code: "MESSAGE_TOO_LARGE", message: `${text}: ${outcome}`, endpoint });
    if (!answer) this.#giveUp(unanswerable(text, peer));
  }

  /** The frame of a message cannot be read, so the session ends. Returns which message that was. */
  noteBroken(headers: HeaderBlock, how: string): string {
    const { peer } = this.#wire;
    const refusal = refuseBroken(headers, this.#request, peer, how);
    if (refusal) this.#giveUp(refusal);
    return placeOfBroken(headers, this.#request, peer);
  }

  #giveUp(error: SubscriptionRefusedError): void {
    const id = this.#id;
    this.end();
    if (id !== undefined) this.#wire.request("UNSUBSCRIBE", { id }, { onReceipt: () => {}, onRefused: () => {} });
    this.#sink.onRefused(error);
  }

  /** Handles a MESSAGE frame with one of our ids. */
  receive(headers: HeaderBlock, body: Buffer): void {
    const { peer } = this.#wire;
    const { browse, autoSettled } = this.#request;
    // A property of the message may have this name too.
    if (browse && headers.get("browser") === "end" && headers.get("message-id") === "0") {
      this.#sink.onBrowsed();
      return;
    }
    peer.memory.clock.noteMessage(headers, peer);
    const received = {
      message: decodeMessage(headers, body, peer.dialect, this.#request.destination),
      redelivered: headers.get("redelivered") === "true",
      unsettleable: whyUnacknowledgeable(headers, peer),
    };
    const delivery = new StompDelivery(received, settlingLines(headers, peer));
    // Some brokers accept no acknowledgement of what a browser has seen.
    if (autoSettled || (browse && (delivery.unsettleable || !headers.has("ack")))) {
      this.#sink.onDelivery(delivery);
      return;
    }
    this.#prefetchWarning.check(delivery.settling, peer);
    this.#deliver(delivery);
  }

  #deliver(delivery: StompDelivery): void {
    this.#unsettled.add(delivery);
    this.#sink.onDelivery(delivery);
  }

  settle(delivery: IncomingDelivery, settlement: Settlement, terms?: SettlementTerms): SettleResult {
    if (this.#request.autoSettled) return this.#id !== undefined && this.#wire.open ? "settled" : "stale";
    if (!(delivery instanceof StompDelivery) || !this.#unsettled.has(delivery) || !this.#wire.open) return "stale";
    const means = meaningOf(settlement, this.#request, this.#wire.peer);
    if (delivery.unsettleable && means !== "give-back") throw delivery.unsettleable;
    if (means !== "ACK" || terms !== undefined) return this.#settleOtherwise(means, delivery, settlement, terms);
    this.#unsettled.delete(delivery);
    acknowledge(this.#wire, delivery);
    return "settled";
  }

  #settleOtherwise(
    means: SettlementMeans,
    delivery: StompDelivery,
    settlement: Settlement,
    terms: SettlementTerms = {},
  ): SettleResult {
    const id = this.#id;
    return settleOnWire(this.#wire, means, {
      ...{ delivery, settlement, terms, request: this.#request, barrier: this.#barrier },
      take: () => this.#unsettled.delete(delivery),
      giveBack: () => this.#giveBack.start(),
      giveBackAccepted: () => {
        // The subscription has been renewed or has ended meanwhile, which gave the delivery back already.
        if (id !== this.#id || !this.#wire.open) return;
        if (keeps(this.#request)) this.#giveBack.start();
        else this.#deliver(new StompDelivery({ ...delivery, redelivered: true }, delivery.settling));
      },
    });
  }

  /** No ACK of an unsettled delivery may follow: Artemis would close the connection. */
  #renew(): void {
    const old = this.#id;
    if (old === undefined || !this.#wire.open) return;
    this.#unsettled.clear();
    this.#ids.withdraw(old);
    this.#wire.request("UNSUBSCRIBE", { id: old }, { onReceipt: () => {}, onRefused: () => {} });
    this.#sink.onGivenBack();
    if (this.#id === old) this.#subscribe();
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      const id = this.#id;
      const over = () => resolve();
      this.end();
      if (id === undefined || !this.#wire.open) resolve();
      // Without the name of a durable subscription, which then keeps collecting.
      else this.#wire.request("UNSUBSCRIBE", { id }, { onReceipt: over, onRefused: over, onSessionEnd: over });
    });
    return this.#closed;
  }

  /** Ends the subscription: nothing more is delivered or settled, because the session is over or the broker refused. */
  end(): void {
    this.#giveBack.cancel();
    this.#unsettled.clear();
    if (this.#id !== undefined) this.#ids.withdraw(this.#id);
    this.#id = undefined;
  }
}

/** Artemis counts bytes, so its prefetch is approximate: many small messages fit where few were requested. */
const MAX_OVERRUN = 64;
const MIN_OVERRUN = 1000;
