/** The content of a MESSAGE frame, read from its headers on demand, because most of it is never asked for. */

import type { Destination } from "../../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import type { ReceivedContent as Content } from "../../../messaging/messages/received-message.ts";
import type { HeaderBlock } from "../frames/header-block.ts";
import type { Dialect } from "../opening/broker.ts";
import { readAddress, readDestination, readReplyTo } from "./destination.ts";
import { AMQP_PREFIX, isOwnHeader, WRITTEN_FIRST } from "./header-names.ts";

const AMQP_STRING_BODY = "5";

export class ReceivedContent implements Content {
  readonly body: Buffer;
  /** The id by which deliveries are recognised. */
  readonly id: string | undefined;
  readonly #headers: HeaderBlock;
  readonly #dialect: Dialect;
  readonly #subscribed: Destination;
  #properties: Readonly<Record<string, string>> | undefined;

  /** `subscribed` is the destination of the subscription that received the message. */
  constructor(headers: HeaderBlock, body: Buffer, dialect: Dialect, subscribed: Destination) {
    this.body = body;
    this.#headers = headers;
    this.#dialect = dialect;
    this.#subscribed = subscribed;
    this.id = this.#text(DUPLICATE_ID_PROPERTY) ?? this.brokerMessageId;
  }

  get brokerMessageId(): string | undefined {
    const id = this.#text("message-id");
    return this.#dialect.messageIdHasConsumer ? id?.slice(id.indexOf(",") + 1) : id;
  }

  /** The message id that a sender over another protocol gave. The broker converts it back to the sender's own type. */
  get senderMessageId(): string | undefined {
    return this.#dialect.writesAddresses ? this.#text("NATIVE_MESSAGE_ID") : undefined;
  }

  /** Returns the same object each time. Over STOMP every value is text. */
  get properties(): Readonly<Record<string, string>> {
    this.#properties ??= readProperties(this.#headers, this.#dialect);
    return this.#properties;
  }

  /**
   * Classic gives a TextMessage no length. Artemis gives every message one; there the type or the AMQP sender decides.
   */
  get kind(): "text" | "bytes" {
    if (this.#text("content-length") === undefined || this.#text("amq-msg-type") === "text") return "text";
    if (this.#text(`${AMQP_PREFIX}ORIGINAL_ENCODING`) === AMQP_STRING_BODY) return "text";
    const type = this.contentType ?? "";
    const isText = /^\s*(text\/|application\/([\w.-]+\+)?(json|xml)\b)/i.test(type) || /;\s*charset=/i.test(type);
    return isText ? "text" : "bytes";
  }

  get destination(): string | undefined {
    const text = this.#text("destination");
    if (this.#dialect.destinations === "path") return readDestination(text);
    return readAddress(text, this.#text("destination-type"), this.#subscribed);
  }

  get contentType(): string | undefined {
    return this.#text("content-type") ?? this.#text(`${AMQP_PREFIX}ContentType`);
  }

  get correlationId(): string | undefined {
    return this.#text("correlation-id");
  }

  get replyTo(): string | undefined {
    return readReplyTo(this.#text("reply-to"), this.#dialect.writesAddresses && this.#hasUnnamedReplyKind);
  }

  get type(): string | undefined {
    return this.#text("type");
  }

  /** Artemis shows its own names; Classic shows no group over STOMP. */
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

  /** Classic sends this header only for persistent messages. */
  get persistent(): boolean {
    return this.#text("persistent") === "true";
  }

  /** Whether an AMQP sender gave a reply-to without its kind: Artemis then shows it as a queue's. */
  get #hasUnnamedReplyKind(): boolean {
    const isFromAmqp = this.#text(`${AMQP_PREFIX}ORIGINAL_ENCODING`) !== undefined;
    return isFromAmqp && this.#text(`${AMQP_PREFIX}MA_x-opt-jms-reply-to`) === undefined;
  }

  #text(name: string): string | undefined {
    return this.#headers.get(name);
  }
}

function readProperties(headers: HeaderBlock, dialect: Dialect): Record<string, string> {
  const properties: Record<string, string> = {};
  const own = new Map<string, string>();
  const add = (name: string, value: string) => {
    // Of repeated headers the first counts.
    if (!Object.hasOwn(properties, name)) properties[name] = value;
  };
  for (const [name, value] of headers.entries()) {
    if (!isOwnHeader(name, dialect)) add(name, value);
    else if (dialect.ownAckIsLast) {
      const earlier = own.get(name);
      if (earlier === undefined) own.set(name, value);
      else if (WRITTEN_FIRST.has(name)) add(name, value);
      else if (name === "ack") add(name, earlier);
    }
  }
  return properties;
}

function numberOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? undefined : value;
}

/** Both brokers write 0 for "none". */
function timeOf(text: string | undefined): number | undefined {
  const value = numberOf(text);
  return value === 0 ? undefined : value;
}
