/** Converts the sections of an AMQP message to a form that neither protocol owns. */
import type { MessageContent } from "../message-content.ts";
import type { AmqpContent } from "../store/stored-message.ts";
import { decodeMessage } from "./rhea/rhea-server.ts";

export function contentFromAmqp({ body }: AmqpContent): MessageContent {
  const message = decodeMessage(body);
  return {
    ...bodyFrom(message.body),
    properties: propertiesFrom(message.application_properties ?? {}),
    correlationId: textOf(message.correlation_id),
    replyTo: message.reply_to,
    contentType: message.content_type,
    subject: message.subject,
    groupId: message.group_id,
    groupSequence: message.group_sequence,
    messageId: textOf(message.message_id),
  };
}

/** A string is text, binary is bytes, and any other AMQP value becomes its JSON text. */
function bodyFrom(body: unknown): Pick<MessageContent, "kind" | "body"> {
  if (body === undefined || body === null) return { kind: "bytes", body: Buffer.alloc(0) };
  if (typeof body === "string") return { kind: "text", body: Buffer.from(body) };
  const bytes = Buffer.isBuffer(body) ? body : dataSections(body);
  if (bytes) return { kind: "bytes", body: bytes };
  return { kind: "text", body: Buffer.from(JSON.stringify(body) ?? "") };
}

const DATA_SECTION = 0x75;

function dataSections(body: unknown): Buffer | undefined {
  const section = body as { readonly typecode?: unknown; readonly content?: unknown };
  if (section.typecode !== DATA_SECTION) return undefined;
  const parts: readonly unknown[] = Array.isArray(section.content) ? section.content : [section.content];
  return Buffer.concat(parts.filter((part): part is Buffer => Buffer.isBuffer(part)));
}

function propertiesFrom(properties: Readonly<Record<string, unknown>>): MessageContent["properties"] {
  const simple: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") simple[name] = value;
    else if (value !== null && value !== undefined) simple[name] = String(value);
  }
  return simple;
}

function textOf(id: unknown): string | undefined {
  if (id === undefined || id === null) return undefined;
  return Buffer.isBuffer(id) ? id.toString("hex") : String(id);
}
