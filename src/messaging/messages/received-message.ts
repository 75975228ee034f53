/** A received message: its body as text, bytes or JSON, and what came with it. */
import { UnreadableBodyError } from "../../errors/errors.ts";
import type { PropertyValue } from "./outgoing-message.ts";

/** What an adapter found in a frame. */
export interface ReceivedContent {
  readonly body: Buffer;
  readonly kind: "text" | "bytes";
  /** The sender's stable id where the message has one, else the broker's message id, without what changes from session to session. */
  readonly id: string | undefined;
  /** The broker's own message id: two stored copies of one send differ in it. */
  readonly brokerMessageId: string | undefined;
  /** The message id that a sender over another protocol gave it, where the broker tells: a reply without a correlation id names it. */
  readonly senderMessageId?: string | undefined;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** `queue://NAME` or `topic://NAME`. */
  readonly destination: string | undefined;
  readonly contentType: string | undefined;
  readonly correlationId: string | undefined;
  /** `queue://NAME`, `topic://NAME`, `temp-queue://NAME` or `temp-topic://NAME`: what send() takes. */
  readonly replyTo: string | undefined;
  /** JMSType, the AMQP subject. */
  readonly type: string | undefined;
  readonly groupId: string | undefined;
  readonly groupSequence: number | undefined;
  /** `Date.now()` of its sender, or of the broker where that says. */
  readonly sentAtMs: number | undefined;
  readonly priority: number | undefined;
  /** `Date.now()` at which it expires. */
  readonly expiresAtMs: number | undefined;
  readonly persistent: boolean | undefined;
}

/** A message as it came, over whichever protocol. */
export class ReceivedMessage {
  readonly #content: ReceivedContent;

  constructor(content: ReceivedContent) {
    this.#content = content;
  }

  /** The id that its sender gave it; the same for a second copy of it. */
  get id(): string | undefined {
    return this.#content.id;
  }
  /** The broker's own id, where the protocol shows it; another one for each copy. */
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
  /** Where it was sent, as `queue://NAME` or `topic://NAME`, where the broker says so. */
  get destination(): string | undefined {
    return this.#content.destination;
  }
  /** The MIME type that the sender gave. */
  get contentType(): string | undefined {
    return this.#content.contentType;
  }
  /** What it answers or belongs to. */
  get correlationId(): string | undefined {
    return this.#content.correlationId;
  }
  /** Where an answer is wanted. */
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
  /** Its place in that group. */
  get groupSequence(): number | undefined {
    return this.#content.groupSequence;
  }
  /** When it was sent, ms since 1970 by the sender's or broker's clock. */
  get sentAtMs(): number | undefined {
    return this.#content.sentAtMs;
  }
  /** From 0 to 9; 4 unless its sender said otherwise. */
  get priority(): number | undefined {
    return this.#content.priority;
  }
  /** When it expires, ms since 1970 by the broker's or sender's clock; undefined when it does not. */
  get expiresAtMs(): number | undefined {
    return this.#content.expiresAtMs;
  }
  /** Whether it survives a crash of the broker. */
  get persistent(): boolean | undefined {
    return this.#content.persistent;
  }
  /** What the sender marked the body as. Artemis does not tell over STOMP: there it is `"bytes"` unless a content type says text. */
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

  /** The body parsed as JSON. `T` says what the caller expects; nothing checks it. @throws UnreadableBodyError when it is not JSON. */
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
