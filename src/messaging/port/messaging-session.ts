/** The port between messaging and the protocol adapters: what one session can do with messages. */
import type { MasterSlaveError, SubscriptionRefusedError, UnsupportedError } from "../../errors/errors.ts";
import type { Session } from "../../transport/dial/session.ts";
import type { Destination } from "../messages/destination.ts";
import type { OutgoingMessage } from "../messages/outgoing-message.ts";
import type { ReceivedMessage } from "../messages/received-message.ts";

/** What the handshake told of the peer. */
export interface Broker {
  /** `activemq` for Classic, `artemis`, or what else the peer calls itself. */
  readonly product: "activemq" | "artemis" | "unknown" | (string & {});
  /** As the broker tells it; Classic tells none over STOMP before 5.9. */
  readonly version: string | undefined;
}

export interface MessagingSession extends Session {
  readonly broker: Broker;
  /**
   * Takes a send and writes it as soon as the protocol lets it, per destination in the order of the calls. Synchronous;
   * never throws. The session calls `onWritten` when the message has gone to the socket and `onOutcome` at most once:
   * none comes when the session ends first. A send whose `abandoned` turns true before it is written is dropped silently.
   */
  send(send: OutgoingSend): void;
  /**
   * Begins a transaction of this session. Synchronous; never throws: what the broker refuses of it is told by its sends
   * and its commit. Several may be open at once.
   */
  begin(): SessionTransaction;
  /**
   * Deletes a subscription that outlives sessions; what it holds is lost. Resolves when the broker has deleted it.
   * Rejects with SubscriptionRefusedError, UnsupportedError or, when the session ends first, why it ended.
   */
  unsubscribe(subscription: NamedSubscription): Promise<void>;
  /** Asks the broker for deliveries. Synchronous; never throws: the outcome goes to the sink, none when the session ends first. */
  subscribe(request: SubscriptionRequest, sink: SubscriptionSink): SessionSubscription;
}

export type SendOutcome =
  | { readonly kind: "confirmed" }
  | { readonly kind: "failed"; readonly error: MasterSlaveError };

/** One send as the session sees it. Owned by messaging; it outlives the session. */
export interface OutgoingSend {
  readonly destination: Destination;
  readonly message: OutgoingMessage;
  /** Nobody waits for it any more: skip it if it is not written yet. */
  readonly abandoned: boolean;
  /** Called when `abandoned` becomes true, for a session in which something waits behind it. */
  onAbandoned?: (() => void) | undefined;
  /** Was written to an earlier session, which did not answer. */
  readonly inDoubt: boolean;
  /** The session's own encoding, kept for a resend from the same bytes; only the adapter that wrote it reads it. */
  encoded: unknown;
  /** The session begins what it needs to write to the destination, such as a link; should it die of that, the send is suspect. */
  onAttaching?(): void;
  onWritten(): void;
  onOutcome(outcome: SendOutcome): void;
}

/** A subscription to a topic by name, as JMS has three of them; the client id of the connection is part of an unshared one's name. */
export interface NamedSubscription {
  readonly name: string;
  /** It outlives sessions and keeps messages meanwhile. */
  readonly durable: boolean;
  /** Several consumers, of any connection, share its messages. */
  readonly shared: boolean;
}

export interface SubscriptionRequest {
  /** Of the kind `temp-queue`: a queue that lives as long as the session is made, and onReady tells its address. */
  readonly destination: Destination;
  /** How many deliveries may be unsettled at once. */
  readonly prefetch: number;
  /** The same in bytes of messages, where the broker counts those (Artemis over STOMP); others ignore it. */
  readonly prefetchBytes?: number | undefined;
  /** A JMS selector. */
  readonly selector?: string | undefined;
  /** Only for topics. */
  readonly subscription?: NamedSubscription | undefined;
  /** No other consumer of the queue gets anything while this one lives. */
  readonly exclusive?: boolean | undefined;
  /** Consumers of a higher one are served first; from -128 to 127. */
  readonly priority?: number | undefined;
  /** The broker may forget what it has sent: for replies, of which none comes twice. Over STOMP only; others ignore it. */
  readonly autoSettled?: boolean | undefined;
  /** Shows what is in a queue: to accept a delivery takes nothing out of it, but lets the next one come. onBrowsed ends them. */
  readonly browse?: boolean | undefined;
}

export interface SubscriptionSink {
  /** The broker has the subscription. `address`: of the temporary queue it was made with. */
  onReady(address?: Destination): void;
  onDelivery(delivery: IncomingDelivery): void;
  /** A browser has been shown all there is. */
  onBrowsed(): void;
  /**
   * A delivery is to go back, and over STOMP all that is unsettled goes with it: hand over nothing more, and call
   * `idle` as soon as nothing that was handed over is unsettled, at once if that is so. onGivenBack follows, at the
   * latest after releaseWaitMs.
   */
  onReleasing(idle: () => void): void;
  /** Every unsettled delivery of this subscription so far went back to the broker, which is how STOMP releases one; they come again. */
  onGivenBack(): void;
  /** The broker refused the subscription or ended it later; the session goes on. */
  onRefused(error: SubscriptionRefusedError): void;
}

/** One message handed over once, on one session. */
export interface IncomingDelivery {
  readonly message: ReceivedMessage;
  /** The broker's own flag. */
  readonly redelivered: boolean;
  /** How often it was delivered before, where the protocol tells. */
  readonly deliveryCount: number | undefined;
  /** Why it can only be given back, if the broker takes no other settlement of it. */
  readonly unsettleable?: UnsupportedError | undefined;
}

export type Settlement =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly reason: string | undefined }
  | { readonly kind: "released" }
  | { readonly kind: "modified"; readonly deliveryFailed: boolean; readonly undeliverableHere: boolean };

/** What is asked of a settlement beyond its kind. */
export interface SettlementTerms {
  /** Settled only when the broker has said so; only for `accepted`. */
  readonly confirmed?: boolean | undefined;
  /** Part of this transaction of the same session; only for `accepted`. */
  readonly transaction?: SessionTransaction | undefined;
}

/** One transaction of one session. It is over with its commit or rollback, or with the session, which rolls it back. */
export interface SessionTransaction {
  /** As MessagingSession.send; `confirmed` means that the broker has taken it into the transaction. */
  send(send: OutgoingSend): void;
  /** Call it when every send has its outcome. Resolves with what became of the transaction; never rejects. */
  commit(): Promise<CommitOutcome>;
  /** Resolves when the broker has undone it, or the session is over; never rejects. What was accepted in it comes again. */
  rollback(): Promise<void>;
}

export type CommitOutcome =
  | { readonly kind: "committed" }
  /** Nothing of it holds; what was accepted in it comes again. */
  | { readonly kind: "rolled-back"; readonly error: MasterSlaveError }
  /** The session ended between the commit and its answer. */
  | { readonly kind: "in-doubt"; readonly error: MasterSlaveError };

export interface SessionSubscription {
  /**
   * `"settled"`: written, or confirmed where that was asked for or is needed (a promise then). `"stale"`: the session or
   * this subscription is gone, or gave the delivery back, or ended before the confirmation; the message comes again.
   * @throws UnsupportedError where broker and protocol cannot do it; a promise rejects with what the broker refused.
   * Nothing holds then and the delivery stays unsettled.
   */
  settle(
    delivery: IncomingDelivery,
    settlement: Settlement,
    terms?: SettlementTerms,
  ): "settled" | "stale" | Promise<"settled" | "stale">;
  /** Ends the subscription; what is unsettled goes back to the broker. A durable one keeps collecting. Idempotent. Resolves when the broker has answered or the session ended. */
  close(): Promise<void>;
}
