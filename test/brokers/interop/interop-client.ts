/** What the tests of interoperation ask of a client, ours or another's, in one vocabulary. */
import type { PropertyValue } from "../../../src/messaging/messages/outgoing-message.ts";

/** A property with the type its sender means; of ours a number is a number. */
export interface TypedProperty {
  readonly type: "string" | "int" | "long" | "double" | "boolean" | "number" | (string & {});
  /** A long beyond what a number holds is written as text. */
  readonly value: PropertyValue;
}

export interface SentMessage {
  /** One of the two. */
  readonly text?: string;
  readonly base64?: string;
  /** In place of the two, of Java clients alone: the bodies of MapMessage, StreamMessage, and ObjectMessage with a list. */
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

/** A message as its receiver's own interface shows it; what that does not tell is null or absent. */
export interface SeenMessage {
  readonly kind: string;
  readonly text?: string | null;
  readonly base64?: string | null;
  /** Of Java clients alone. */
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

/** Destinations are written `queue://NAME` and `topic://NAME` for all of them. */
export interface InteropClient {
  /** Resolves, once the broker has it, with the id the client gave it, where it tells. */
  send(destination: string, message: SentMessage): Promise<string | undefined>;
  /** The next message, acknowledged as most users of that client do; rejects if none comes within ten seconds. */
  receive(destination: string): Promise<SeenMessage>;
  /** Likewise, acknowledged by itself, and whether the queue was empty then. */
  receiveLast(destination: string): Promise<{ readonly message: SeenMessage; readonly empty: boolean }>;
  /** Sends and resolves with the answer. It comes to a temporary queue if `temporary` and the client has those. */
  request(destination: string, message: SentMessage, temporary: boolean): Promise<SeenMessage>;
  /** Takes one request, answers it where it says with its correlation id, and resolves with the request. */
  respond(destination: string, answer: SentMessage): Promise<SeenMessage>;
  close(): Promise<void>;
}

export const RECEIVE_TIMEOUT_MS = 10_000;
/** How long a queue is watched before it counts as empty. */
export const EMPTY_AFTER_MS = 500;
