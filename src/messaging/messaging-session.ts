/** The port between messaging and the protocol adapters: what one session can do with messages. */
import type { MasterSlaveError, SubscriptionRefusedError } from "../errors.ts";
import type { Session } from "../transport/session.ts";
import type { Destination } from "./destination.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import type { ReceivedMessage } from "./received-message.ts";

/** What the handshake told of the peer. */
export interface Broker {
  readonly product: "activemq" | "artemis" | "unknown" | (string & {});
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
  /** The session's own encoding, kept for a resend from the same bytes; only the adapter that wrote it reads it. */
  encoded: unknown;
  onWritten(): void;
  onOutcome(outcome: SendOutcome): void;
}

export interface SubscriptionRequest {
  readonly destination: Destination;
  /** How many deliveries may be unsettled at once. */
  readonly prefetch: number;
  /** A JMS selector. */
  readonly selector?: string | undefined;
}

export interface SubscriptionSink {
  /** The broker has the subscription. */
  onReady(): void;
  onDelivery(delivery: IncomingDelivery): void;
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
}

export type Settlement =
  | { readonly kind: "accepted" }
  | { readonly kind: "rejected"; readonly reason: string | undefined }
  | { readonly kind: "released" }
  | { readonly kind: "modified"; readonly deliveryFailed: boolean; readonly undeliverableHere: boolean };

export interface SessionSubscription {
  /**
   * `"settled"`: written. `"stale"`: the session or this subscription is gone, or gave the delivery back; nothing was written.
   * @throws UnsupportedError where broker and protocol cannot do it; nothing was written and the delivery stays unsettled.
   */
  settle(delivery: IncomingDelivery, settlement: Settlement): "settled" | "stale";
  /** Ends the subscription; what is unsettled goes back to the broker. Idempotent. Resolves when the broker has answered or the session ended. */
  close(): Promise<void>;
}
