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

export class ReceivedMessage {
  readonly #content: ReceivedContent;

  constructor(content: ReceivedContent) {
    this.#content = content;
  }

  get id(): string | undefined {
    return this.#content.id;
  }
  get brokerMessageId(): string | undefined {
    return this.#content.brokerMessageId;
  }
  get properties(): Readonly<Record<string, PropertyValue>> {
    return this.#content.properties;
  }
  get destination(): string | undefined {
    return this.#content.destination;
  }
  get contentType(): string | undefined {
    return this.#content.contentType;
  }
  get correlationId(): string | undefined {
    return this.#content.correlationId;
  }
  get replyTo(): string | undefined {
    return this.#content.replyTo;
  }
  get type(): string | undefined {
    return this.#content.type;
  }
  get groupId(): string | undefined {
    return this.#content.groupId;
  }
  get groupSequence(): number | undefined {
    return this.#content.groupSequence;
  }
  get sentAtMs(): number | undefined {
    return this.#content.sentAtMs;
  }
  get priority(): number | undefined {
    return this.#content.priority;
  }
  get expiresAtMs(): number | undefined {
    return this.#content.expiresAtMs;
  }
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

  /** The body parsed as JSON. @throws UnreadableBodyError when it is not JSON. */
  json(): unknown {
    try {
      return JSON.parse(this.text());
    } catch (cause) {
      if (cause instanceof UnreadableBodyError) throw cause;
      throw new UnreadableBodyError(
        `The body of message ${this.id ?? "(no id)"} is not JSON; read it with text()`,
        cause,
      );
    }
  }
}
