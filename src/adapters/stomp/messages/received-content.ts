/** What a MESSAGE frame says, read from its headers when somebody asks: most of it nobody does. */
import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import type { ReceivedContent as Content } from "../../../messaging/messages/received-message.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import type { Dialect } from "../opening/broker.ts";
import { readDestination, readReplyTo } from "./destination.ts";
import { AMQP_PREFIX, isReserved } from "./header-names.ts";

const AMQP_STRING_BODY = "5";

export class ReceivedContent implements Content {
  readonly body: Buffer;
  /** Every delivery is known by it. */
  readonly id: string | undefined;
  readonly #headers: HeaderBlock;
  readonly #dialect: Dialect;
  #properties: Readonly<Record<string, string>> | undefined;

  constructor(headers: HeaderBlock, body: Buffer, dialect: Dialect) {
    this.body = body;
    this.#headers = headers;
    this.#dialect = dialect;
    this.id = this.#text(DUPLICATE_ID_PROPERTY) ?? this.brokerMessageId;
  }

  get brokerMessageId(): string | undefined {
    const id = this.#text("message-id");
    return this.#dialect.messageIdHasConsumer ? id?.slice(id.indexOf(",") + 1) : id;
  }

  /** The same object each time. Over STOMP every value is text. */
  get properties(): Readonly<Record<string, string>> {
    this.#properties ??= readProperties(this.#headers);
    return this.#properties;
  }

  /** Classic gives a TextMessage no length; Artemis gives every message one, and there the type tells, or the AMQP sender. */
  get kind(): "text" | "bytes" {
    if (this.#text("content-length") === undefined || this.#text("amq-msg-type") === "text") return "text";
    if (this.#text(`${AMQP_PREFIX}ORIGINAL_ENCODING`) === AMQP_STRING_BODY) return "text";
    const type = this.contentType ?? "";
    const isText = /^\s*(text\/|application\/([\w.-]+\+)?(json|xml)\b)/i.test(type) || /;\s*charset=/i.test(type);
    return isText ? "text" : "bytes";
  }

  get destination(): string | undefined {
    return readDestination(this.#text("destination"), this.#text("destination-type"), this.#dialect);
  }

  get contentType(): string | undefined {
    return this.#text("content-type") ?? this.#text(`${AMQP_PREFIX}ContentType`);
  }

  get correlationId(): string | undefined {
    return this.#text("correlation-id");
  }

  get replyTo(): string | undefined {
    return readReplyTo(this.#text("reply-to"));
  }

  get type(): string | undefined {
    return this.#text("type");
  }

  /** Artemis shows its own names; Classic shows no group over STOMP at all. */
  get groupId(): string | undefined {
    return this.#text("JMSXGroupID") ?? this.#text("_AMQ_GROUP_ID");
  }

  get groupSequence(): number | undefined {
    return numberOf(this.#text("JMSXGroupSeq") ?? this.#text("_AMQ_GROUP_SEQUENCE"));
  }

  get sentAtMs(): number | undefined {
    return timeOf(this.#text("timestamp"));
  }

  get priority(): number | undefined {
    return numberOf(this.#text("priority"));
  }

  get expiresAtMs(): number | undefined {
    return timeOf(this.#text("expires"));
  }

  /** Classic says it only of persistent messages. */
  get persistent(): boolean {
    return this.#text("persistent") === "true";
  }

  #text(name: string): string | undefined {
    return this.#headers.get(name);
  }
}

function readProperties(headers: HeaderBlock): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const [name, value] of headers.entries()) {
    // Of repeated headers the first counts.
    if (!isReserved(name) && !Object.hasOwn(properties, name)) properties[name] = value;
  }
  return properties;
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? undefined : value;
}

/** 0 stands for none on both brokers. */
function timeOf(text: string | undefined): number | undefined {
  const value = numberOf(text);
  return value === 0 ? undefined : value;
}
