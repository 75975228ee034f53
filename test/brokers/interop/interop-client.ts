/** What the interoperation tests ask of a client, ours or another one, in one vocabulary. */
import type { PropertyValue } from "../../../src/messaging/messages/outgoing-message.ts";

/** A property with the type that its sender intends; our client sends any number as a number. */
export interface TypedProperty {
  readonly type: "string" | "int" | "long" | "double" | "boolean" | "number" | (string & {});
  /** A long that a JavaScript number cannot hold is written as text. */
  readonly value: PropertyValue;
}

export interface SentMessage {
  /** Exactly one of the two. */
  readonly text?: string;
  readonly base64?: string;
  /** Replaces these two for Java clients: the bodies of MapMessage, StreamMessage, and ObjectMessage with a list. */
  readonly map?: Readonly<Record<string, TypedProperty>>;
  readonly stream?: readonly TypedProperty[];
  readonly object?: readonly TypedProperty[];
  readonly properties?: Readonly<Record<string, TypedProperty>>;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly type?: string;
  readonly groupId?: string;
  readonly groupSequence?: number;
  readonly priority?: number;
  readonly ttlMs?: number;
  readonly delayMs?: number;
  readonly persistent?: boolean;
}

/** A message as its receiver's own interface shows it. What that interface does not show is null or absent. */
export interface SeenMessage {
  readonly kind: string;
  readonly text?: string | null;
  readonly base64?: string | null;
  /** The body of a MapMessage. Maps, streams and objects exist for Java clients only. */
  readonly map?: Readonly<Record<string, TypedProperty>>;
  readonly stream?: readonly TypedProperty[];
  readonly object?: readonly TypedProperty[];
  readonly properties: Readonly<Record<string, TypedProperty>>;
  readonly id?: string | null;
  readonly correlationId?: string | null;
  readonly replyTo?: string | null;
  readonly type?: string | null;
  readonly groupId?: string | null;
  readonly groupSequence?: number | null;
  readonly priority?: number | null;
  readonly expiresAtMs?: number | null;
  readonly persistent?: boolean | null;
}

/** For all clients, destinations are written `queue://NAME` and `topic://NAME`. */
export interface InteropClient {
  /** Resolves once the broker has the message, with the id that the client gave it, if the client shows it. */
  send(destination: string, message: SentMessage): Promise<string | undefined>;
  /** The next message, acknowledged as most users of that client do; rejects if none comes within ten seconds. */
  receive(destination: string): Promise<SeenMessage>;
  /** The next message, acknowledged individually, and whether the queue was empty afterwards. */
  receiveLast(destination: string): Promise<{ readonly message: SeenMessage; readonly empty: boolean }>;
  /**
   * Sends a request and resolves with the reply. The reply comes to a temporary queue if `temporary` is set and the
   * client supports those.
   */
  request(destination: string, message: SentMessage, temporary: boolean): Promise<SeenMessage>;
  /** Takes one request, answers it where it says with its correlation id, and resolves with the request. */
  respond(destination: string, answer: SentMessage): Promise<SeenMessage>;
  close(): Promise<void>;
}

export const RECEIVE_TIMEOUT_MS = 10_000;
/** How long a queue is watched before it counts as empty. */
export const EMPTY_AFTER_MS = 500;
