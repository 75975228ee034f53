/** The port between messaging and the protocol adapters: what one session can do with messages. */
import type { MasterSlaveError, SubscriptionRefusedError, UnsupportedError } from "../../errors/errors.ts";
import type { Session } from "../../transport/dial/session.ts";
import type { Destination } from "../messages/destination.ts";
import type { OutgoingMessage } from "../messages/outgoing-message.ts";
import type { ReceivedMessage } from "../messages/received-message.ts";

/** What the handshake told about the broker. */
export interface Broker {
  /** `activemq` for Classic, `artemis`, or the peer's own name. */
  readonly product: "activemq" | "artemis" | "unknown" | (string & {});
  /** The broker's version; Classic sends none over STOMP before 5.9. */
  readonly version: string | undefined;
}

export interface MessagingSession extends Session {
  readonly broker: Broker;
  /**
   * Takes a send and writes it as soon as the protocol allows, per destination in the order of the calls. Synchronous;
   * never throws. The session calls `onWritten` when the message has gone to the socket, and `onOutcome` at most once:
   * not if the session ends first. A send that becomes `abandoned` before it is written is dropped silently.
   */
  send(send: OutgoingSend): void;
  /**
   * Begins a transaction of this session. Synchronous; never throws: refusals are reported by its sends and its commit.
   * Several may be open at once.
   */
  begin(): SessionTransaction;
  /**
   * Deletes a durable subscription; the messages it holds are lost. Resolves when the broker has deleted it. Rejects
   * with SubscriptionRefusedError, UnsupportedError or, if the session ends first, the reason of its end.
   */
  unsubscribe(subscription: NamedSubscription): Promise<void>;
  /**
   * Asks the broker for deliveries. Synchronous; never throws: the outcome goes to the sink, or none if the session
   * ends first.
   */
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
  /** Whether it was written to an earlier session, which did not answer. */
  readonly inDoubt: boolean;
  /** The session's own encoding, kept for a resend with the same bytes; only the adapter that wrote it reads it. */
  encoded: unknown;
  /**
   * The session begins what it needs for the destination, such as a link. If that ends the session, the send is a
   * suspect.
   */
  onAttaching?(): void;
  onWritten(): void;
  onOutcome(outcome: SendOutcome): void;
}

/**
 * A named subscription to a topic, of JMS's three kinds. The name of one that is not shared includes the connection's
 * client id.
 */
export interface NamedSubscription {
  readonly name: string;
  /** Whether it outlives sessions and keeps messages meanwhile. */
  readonly durable: boolean;
  /** Whether several consumers, of any connection, share its messages. */
  readonly shared: boolean;
}

export interface SubscriptionRequest {
  /**
   * For the kind `temp-queue`: a queue that lives as long as the session is created, and onReady reports its address.
   */
  readonly destination: Destination;
  /** How many deliveries may be unsettled at once. */
  readonly prefetch: number;
  /** The same limit in bytes of messages, for Artemis over STOMP; others ignore it. */
  readonly prefetchBytes?: number | undefined;
  /** A JMS selector. */
  readonly selector?: string | undefined;
  /** For topics only. */
  readonly subscription?: NamedSubscription | undefined;
  /** No other consumer of the queue gets messages while this one lives. */
  readonly exclusive?: boolean | undefined;
  /** Consumers with a higher priority are served first; from -128 to 127. */
  readonly priority?: number | undefined;
  /**
   * The broker may forget a message once it is sent: for replies, which never come twice. STOMP only; others ignore it.
   */
  readonly autoSettled?: boolean | undefined;
  /**
   * Shows what is in a queue: accepting a delivery removes nothing, but lets the next one come. Ends with onBrowsed.
   */
  readonly browse?: boolean | undefined;
}

export interface SubscriptionSink {
  /** The broker has the subscription. `address` is that of the temporary queue it was made with. */
  onReady(address?: Destination): void;
  onDelivery(delivery: IncomingDelivery): void;
  /** A browser has been shown everything. */
  onBrowsed(): void;
  /**
   * A delivery must go back, and over STOMP everything unsettled goes with it. Deliver nothing more, and call `idle` as
   * soon as no delivery is unsettled, at once if there is none. onGivenBack follows, after releaseWaitMs at the latest.
   */
  onReleasing(idle: () => void): void;
  /**
   * Every unsettled delivery of this subscription so far went back to the broker, which is how STOMP releases one; they
   * come again.
   */
  onGivenBack(): void;
  /** The broker refused the subscription or ended it later; the session goes on. */
  onRefused(error: SubscriptionRefusedError): void;
}

/** One delivery of a message on one session. */
export interface IncomingDelivery {
  readonly message: ReceivedMessage;
  /** The broker's own redelivered flag. */
  readonly redelivered: boolean;
  /** Number of earlier deliveries, if the protocol tells. */
  readonly deliveryCount: number | undefined;
  /** Why the delivery can only be released, if the broker accepts no other settlement. */
  readonly unsettleable?: UnsupportedError | undefined;
}

export type Settlement =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly reason: string | undefined }
  | { readonly kind: "released" }
  | { readonly kind: "modified"; readonly deliveryFailed: boolean; readonly undeliverableHere: boolean };

/** Options of a settlement beyond its kind. */
export interface SettlementTerms {
  /** Report it as settled only when the broker has confirmed; only for `accepted`. */
  readonly confirmed?: boolean | undefined;
  /** Make it part of this transaction of the same session; only for `accepted`. */
  readonly transaction?: SessionTransaction | undefined;
}

/** One transaction of one session. It ends with its commit or rollback, or with the session, which rolls it back. */
export interface SessionTransaction {
  /** Like MessagingSession.send; `confirmed` means that the broker has taken it into the transaction. */
  send(send: OutgoingSend): void;
  /** Call it when every send has its outcome. Resolves with the outcome of the transaction; never rejects. */
  commit(): Promise<CommitOutcome>;
  /**
   * Resolves when the broker has undone it, or the session is over; never rejects. What was accepted in it comes again.
   */
  rollback(): Promise<void>;
}

export type CommitOutcome =
  | { readonly kind: "committed" }
  /** The transaction had no effect; what was accepted in it comes again. */
  | { readonly kind: "rolled-back"; readonly error: MasterSlaveError }
  /** The session ended between the commit and its answer. */
  | { readonly kind: "in-doubt"; readonly error: MasterSlaveError };

export interface SessionSubscription {
  /**
   * `"settled"`: written, or confirmed if that was requested or is needed (then it is a promise). `"stale"`: the
   * session or this subscription is gone, or gave the delivery back, or ended before the confirmation; the message
   * comes again. @throws UnsupportedError if the broker and protocol cannot do it; a promise rejects with the broker's
   * refusal. In both cases the delivery stays unsettled.
   */
  settle(
    delivery: IncomingDelivery,
    settlement: Settlement,
    terms?: SettlementTerms,
  ): "settled" | "stale" | Promise<"settled" | "stale">;
  /**
   * Ends the subscription; what is unsettled goes back to the broker. A durable one keeps collecting. Idempotent.
   * Resolves when the broker has answered or the session ended.
   */
  close(): Promise<void>;
}
