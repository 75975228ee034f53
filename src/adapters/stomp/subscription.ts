/** One subscription of a session: SUBSCRIBE, deliveries, settlements, and giving deliveries back by subscribing anew. */
import { randomUUID } from "node:crypto";
import { formatAddress, MasterSlaveError, SubscriptionRefusedError } from "../../errors.ts";
import { formatDestination } from "../../messaging/destination.ts";
import type {
  IncomingDelivery,
  SessionSubscription,
  Settlement,
  SettlementTerms,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../messaging/messaging-session.ts";
import { AckSize } from "./ack-size.ts";
import { type BrokerRefusal, saysInUse } from "./failures.ts";
import { GiveBack } from "./give-back.ts";
import { decodeMessage } from "./message.ts";
import { headerText, type ReceivedHeaders } from "./received-headers.ts";
import { type SettleResult, settleOnWire } from "./settle-on-wire.ts";
import { keeps, meaningOf, settlingHeaders } from "./settlement.ts";
import { subscribeHeaders } from "./subscribe-headers.ts";
import type { SubscriptionIds } from "./subscription-ids.ts";
import { whyUnsettleable } from "./unsettleable.ts";
import type { Wire } from "./wire.ts";

export class StompSubscription implements SessionSubscription {
  readonly #wire: Wire;
  readonly #ids: SubscriptionIds;
  readonly #request: SubscriptionRequest;
  readonly #sink: SubscriptionSink;
  readonly #ackSize: AckSize;
  readonly #giveBack: GiveBack;
  /** Each unsettled delivery with the headers that settle it. */
  readonly #unsettled = new Map<IncomingDelivery, Record<string, string>>();
  /** The id the broker knows; undefined when this is over. */
  #id: string | undefined;
  #closed: Promise<void> | undefined;
  #ready = false;

  constructor(wire: Wire, ids: SubscriptionIds, request: SubscriptionRequest, sink: SubscriptionSink) {
    this.#wire = wire;
    this.#ids = ids;
    const { destination } = request;
    // Classic makes a temporary queue of any name, for this connection.
    const temporary = destination.kind === "temp-queue";
    this.#request = temporary ? { ...request, destination: { kind: "temp-queue", name: randomUUID() } } : request;
    this.#sink = sink;
    this.#ackSize = new AckSize(request.prefetch);
    this.#giveBack = new GiveBack(wire, sink, () => this.#renew());
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
      // In a turn of its own: the caller is not through with its call yet.
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

  #refused(id: string, { text, cause }: BrokerRefusal): void {
    if (this.#id !== id) return;
    this.end();
    this.#tellRefused(text, cause, saysInUse(text));
  }

  #tellRefused(why: string, cause?: Error, retryable = false): void {
    const { endpoint } = this.#wire.peer;
    const what = formatDestination(this.#request.destination);
    const message = `${formatAddress(endpoint)} refused the subscription to ${what}: ${why}`;
    this.#sink.onRefused(new SubscriptionRefusedError(message, { endpoint, cause, retryable }));
  }

  /** So much is unsettled that the peer cannot be counting; it has to be held in memory. */
  get overrun(): boolean {
    return this.#unsettled.size >= MAX_OVERRUN * this.#request.prefetch + MIN_OVERRUN;
  }

  /** A MESSAGE frame with one of our ids. */
  receive(headers: ReceivedHeaders, body: Buffer): void {
    const { peer } = this.#wire;
    if (this.#request.browse && headerText(headers, "browser") === "end") {
      this.#sink.onBrowsed();
      return;
    }
    const delivery: IncomingDelivery = {
      message: decodeMessage(headers, body, peer.dialect),
      redelivered: headerText(headers, "redelivered") === "true",
      deliveryCount: undefined,
      unsettleable: whyUnsettleable(headers, peer),
    };
    const { browse, autoSettled } = this.#request;
    // Not every broker wants to hear of what a browser has seen.
    if (autoSettled || (browse && (delivery.unsettleable || headerText(headers, "ack") === undefined))) {
      this.#sink.onDelivery(delivery);
      return;
    }
    const settling = settlingHeaders(headers, peer);
    this.#ackSize.check(settling, peer);
    this.#deliver(delivery, settling);
  }

  #deliver(delivery: IncomingDelivery, settling: Record<string, string>): void {
    this.#unsettled.set(delivery, settling);
    this.#sink.onDelivery(delivery);
  }

  settle(delivery: IncomingDelivery, settlement: Settlement, terms: SettlementTerms = {}): SettleResult {
    const headers = this.#unsettled.get(delivery);
    const id = this.#id;
    if (this.#request.autoSettled) return id !== undefined && this.#wire.open ? "settled" : "stale";
    if (headers === undefined || !this.#wire.open) return "stale";
    const means = meaningOf(settlement, this.#request, this.#wire.peer);
    if (delivery.unsettleable && means !== "give-back") throw delivery.unsettleable;
    return settleOnWire(this.#wire, means, {
      ...{ delivery, settlement, terms, headers, request: this.#request },
      take: () => this.#unsettled.delete(delivery),
      giveBack: () => this.#giveBack.start(),
      giveBackAccepted: () => {
        // What became of the subscription since has given it back already.
        if (id !== this.#id || !this.#wire.open) return;
        if (keeps(this.#request)) this.#giveBack.start();
        else this.#deliver({ ...delivery, redelivered: true }, headers);
      },
    });
  }

  /** No ACK of what is unsettled may follow: Artemis would close the connection. */
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
      // Without the name of a durable one, which keeps collecting then.
      else this.#wire.request("UNSUBSCRIBE", { id }, { onReceipt: over, onRefused: over, onSessionEnd: over });
    });
    return this.#closed;
  }

  /** Nothing more is delivered or settled: the session is over, or the broker refused. */
  end(): void {
    this.#giveBack.cancel();
    this.#unsettled.clear();
    if (this.#id !== undefined) this.#ids.withdraw(this.#id);
    this.#id = undefined;
  }
}

/** Prefetch is approximate on Artemis, which counts bytes: many small messages fit where few were asked for. */
const MAX_OVERRUN = 64;
const MIN_OVERRUN = 1000;
