/** A received message: its body as text, bytes or JSON, and its headers and properties. */
import { UnreadableBodyError } from "../../errors/errors.ts";
import type { PropertyValue } from "./outgoing-message.ts";

/** What an adapter found in a frame. */
export interface ReceivedContent {
  readonly body: Buffer;
  readonly kind: "text" | "bytes";
  /**
   * The sender's stable id if there is one, otherwise the broker's message id without the part that changes from
   * session to session.
   */
  readonly id: string | undefined;
  /** The broker's own message id: two stored copies of one send have different ones. */
  readonly brokerMessageId: string | undefined;
  /**
   * The message id that a sender over another protocol gave, if the broker tells it: a reply without a correlation id
   * uses it.
   */
  readonly senderMessageId?: string | undefined;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** `queue://NAME` or `topic://NAME`. */
  readonly destination: string | undefined;
  readonly contentType: string | undefined;
  readonly correlationId: string | undefined;
  /** `queue://NAME`, `topic://NAME`, `temp-queue://NAME` or `temp-topic://NAME`, as send() takes it. */
  readonly replyTo: string | undefined;
  /** JMSType, the AMQP subject. */
  readonly type: string | undefined;
  readonly groupId: string | undefined;
  readonly groupSequence: number | undefined;
  /** `Date.now()` of the sender, or of the broker if it sets the time. */
  readonly sentAtMs: number | undefined;
  readonly priority: number | undefined;
  /** `Date.now()` at which it expires. */
  readonly expiresAtMs: number | undefined;
  readonly persistent: boolean | undefined;
}

/** A received message, over either protocol. */
export class ReceivedMessage {
  readonly #content: ReceivedContent;

  constructor(content: ReceivedContent) {
    this.#content = content;
  }

  /** The id that its sender gave it; a second copy has the same. */
  get id(): string | undefined {
    return this.#content.id;
  }
  /** The broker's own id, if the protocol shows it; each copy has another one. */
  get brokerMessageId(): string | undefined {
    return this.#content.brokerMessageId;
  }
  /** The properties of the application. */
  /** @internal */
  get senderMessageId(): string | undefined {
    return this.#content.senderMessageId;
  }
  /** The properties of the application. */
  get properties(): Readonly<Record<string, PropertyValue>> {
    return this.#content.properties;
  }
  /** The destination that it was sent to, as `queue://NAME` or `topic://NAME`, if the broker tells it. */
  get destination(): string | undefined {
    return this.#content.destination;
  }
  /** The MIME type that the sender gave. */
  get contentType(): string | undefined {
    return this.#content.contentType;
  }
  /** The id of the request that it answers, or of what it belongs to. */
  get correlationId(): string | undefined {
    return this.#content.correlationId;
  }
  /** Where a reply should be sent. */
  get replyTo(): string | undefined {
    return this.#content.replyTo;
  }
  /** The JMS type, or AMQP's subject. */
  get type(): string | undefined {
    return this.#content.type;
  }
  /** The message group that it belongs to. */
  get groupId(): string | undefined {
    return this.#content.groupId;
  }
  /** Its position in that group. */
  get groupSequence(): number | undefined {
    return this.#content.groupSequence;
  }
  /** When it was sent, in ms since 1970 by the sender's or broker's clock. */
  get sentAtMs(): number | undefined {
    return this.#content.sentAtMs;
  }
  /** From 0 to 9; 4 unless the sender chose another. */
  get priority(): number | undefined {
    return this.#content.priority;
  }
  /** When it expires, in ms since 1970 by the broker's or sender's clock; undefined if it does not. */
  get expiresAtMs(): number | undefined {
    return this.#content.expiresAtMs;
  }
  /** Whether it survives a crash of the broker. */
  get persistent(): boolean | undefined {
    return this.#content.persistent;
  }
  /**
   * The kind of body that the sender marked. Artemis does not tell over STOMP: there it is `"bytes"` unless a content
   * type says text.
   */
  get kind(): "text" | "bytes" {
    return this.#content.kind;
  }

  /** The body's bytes, not copied. */
  bytes(): Buffer {
    return this.#content.body;
  }

  /** The body as UTF-8. @throws UnreadableBodyError when it is not UTF-8. */
  text(): string {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#content.body);
    } catch (cause) {
      throw new UnreadableBodyError(
        `The body of message ${this.id ?? "(no id)"} is not UTF-8; read it with bytes()`,
        cause,
      );
    }
  }

  /**
   * The body parsed as JSON. `T` is the caller's expectation; nothing checks it. @throws UnreadableBodyError when it is
   * not JSON.
   */
  json<T = unknown>(): T {
    try {
      return JSON.parse(this.text()) as T;
    } catch (cause) {
      if (cause instanceof UnreadableBodyError) throw cause;
      throw new UnreadableBodyError(
        `The body of message ${this.id ?? "(no id)"} is not JSON; read it with text()`,
        cause,
      );
    }
  }
}
