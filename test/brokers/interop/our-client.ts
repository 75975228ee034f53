/** This package as one of the clients, used through its public interface alone. */
import { connect } from "../../../src/connect/connect.ts";
import type { UnsupportedError } from "../../../src/errors/errors.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import type { MessageOptions, PropertyValue } from "../../../src/messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../../src/messaging/messages/received-message.ts";
import { type Connector, MEMBER_NAMES, type Protocol, type RealGroup } from "../group-contract.ts";
import {
  EMPTY_AFTER_MS,
  type InteropClient,
  RECEIVE_TIMEOUT_MS,
  type SeenMessage,
  type SentMessage,
  type TypedProperty,
} from "./interop-client.ts";

/** `connector`: needed where it is not the protocol's usual one. */
export async function startOurs(
  protocol: Protocol,
  group: RealGroup,
  connector: Connector = protocol,
): Promise<InteropClient> {
  const endpoints = MEMBER_NAMES.map((member) => {
    const { host, port } = group.endpoint(member, connector);
    return `${protocol}://${host}:${port}`;
  });
  return new OurClient(await connect(`masterslave:(${endpoints.join(",")})`, { credentials: group.credentials }));
}

class OurClient implements InteropClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async send(destination: string, message: SentMessage): Promise<string> {
    return (await this.#connection.send(destination, bodyOf(message), optionsOf(message))).id;
  }

  async receive(destination: string): Promise<SeenMessage> {
    return show((await this.#take(destination)).message);
  }

  async receiveLast(destination: string): Promise<{ readonly message: SeenMessage; readonly empty: boolean }> {
    const { message, refusal } = await this.#take(destination);
    if (refusal) throw refusal;
    const consumer = this.#connection.consume(destination);
    try {
      return { message: show(message), empty: (await consumer.receive({ timeoutMs: EMPTY_AFTER_MS })) === undefined };
    } finally {
      await consumer.close();
    }
  }

  async request(destination: string, message: SentMessage, temporary: boolean): Promise<SeenMessage> {
    const options = { ...optionsOf(message), temporary, timeoutMs: RECEIVE_TIMEOUT_MS };
    return show(await this.#connection.request(destination, bodyOf(message), options));
  }

  async respond(destination: string, answer: SentMessage): Promise<SeenMessage> {
    const { message: request } = await this.#take(destination);
    const { replyTo, correlationId = request.id } = request;
    if (replyTo === undefined) throw new Error("The request says nowhere to answer it to");
    await this.send(replyTo, { ...answer, ...(correlationId !== undefined && { correlationId }) });
    return show(request);
  }

  async close(): Promise<void> {
    await this.#connection.close({ drainTimeoutMs: 1_000 });
  }

  /** `refusal`: why the message could be read but not acknowledged. */
  async #take(destination: string): Promise<{ message: ReceivedMessage; refusal: UnsupportedError | undefined }> {
    const consumer = this.#connection.consume(destination, { prefetch: 1 });
    try {
      const delivery = await consumer.receive({ timeoutMs: RECEIVE_TIMEOUT_MS });
      if (delivery === undefined) throw new Error(`Nothing came from ${destination} within ${RECEIVE_TIMEOUT_MS} ms`);
      const { message, unsettleable: refusal } = delivery;
      if (refusal === undefined) await delivery.accept();
      return { message, refusal };
    } finally {
      await consumer.close();
    }
  }
}

function bodyOf({ text, base64 = "" }: SentMessage): string | Uint8Array {
  return text ?? Buffer.from(base64, "base64");
}

function optionsOf({ text: _text, base64: _base64, properties = {}, ...others }: SentMessage): MessageOptions {
  const values = Object.entries(properties).map(([name, { value }]) => [name, value] as const);
  return { ...others, properties: Object.fromEntries(values) };
}

function show(message: ReceivedMessage): SeenMessage {
  const { kind, id, correlationId, replyTo, type, groupId, groupSequence, priority, expiresAtMs, persistent } = message;
  const body = kind === "text" ? { text: message.text() } : { base64: message.bytes().toString("base64") };
  const properties = Object.entries(message.properties).map(([name, value]) => [name, typed(value)] as const);
  return {
    kind,
    ...body,
    properties: Object.fromEntries(properties),
    id: id ?? null,
    correlationId: correlationId ?? null,
    replyTo: replyTo ?? null,
    type: type ?? null,
    groupId: groupId ?? null,
    groupSequence: groupSequence ?? null,
    priority: priority ?? null,
    expiresAtMs: expiresAtMs ?? null,
    persistent: persistent ?? null,
  };
}

function typed(value: PropertyValue): TypedProperty {
  const type = typeof value;
  return { type: type === "number" || type === "boolean" ? type : "string", value };
}
