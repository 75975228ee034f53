/** Converts the sections of an AMQP message to a form that neither protocol owns. */
import type { MessageContent, MessageHead } from "../message-content.ts";
import type { AmqpContent } from "../store/stored-message.ts";
import { decodeMessage } from "./rhea/rhea-server.ts";
import { findSections } from "./sections.ts";

export function contentFromAmqp(content: AmqpContent): MessageContent {
  return { ...bodyFrom(content), ...headFromAmqp(content) };
}

/** Decodes the sections before the body. They were decoded once already, when the message was accepted. */
export function headFromAmqp({ body }: AmqpContent): MessageHead {
  const message = decodeMessage(body.subarray(0, findSections(body).bodyAt));
  return {
    properties: propertiesFrom(message.application_properties ?? {}),
    correlationId: textOf(message.correlation_id),
    replyTo: stringOf(message.reply_to),
    contentType: stringOf(message.content_type),
    subject: stringOf(message.subject),
    groupId: stringOf(message.group_id),
    groupSequence: typeof message.group_sequence === "number" ? message.group_sequence : undefined,
    messageId: textOf(message.message_id),
  };
}

/**
 * Returns the encoded bytes of a body that cannot be decoded. A broker carries bodies without decoding them, so such a
 * message is accepted like any other, and must not bring the member down when something reads it later.
 */
function bodyFrom({ body: encoded }: AmqpContent): Pick<MessageContent, "kind" | "body"> {
  const body = encoded.subarray(findSections(encoded).bodyAt);
  try {
    return bodyOf(decodeMessage(body).body);
  } catch {
    return { kind: "bytes", body };
  }
}

/** A string is text, binary is bytes, and any other AMQP value becomes its JSON text. */
function bodyOf(body: unknown): Pick<MessageContent, "kind" | "body"> {
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
    else if (value !== null && value !== undefined) simple[name] = printed(value);
  }
  return simple;
}

function textOf(id: unknown): string | undefined {
  if (id === undefined || id === null) return undefined;
  return Buffer.isBuffer(id) ? id.toString("hex") : printed(id);
}

/** String() throws for a map that has an entry named toString, which a sender is free to send. */
function printed(value: NonNullable<unknown>): string {
  try {
    return String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** rhea decodes a field of the properties section as the type that it was sent with, not the one that it should have. */
function stringOf(field: unknown): string | undefined {
  return typeof field === "string" ? field : undefined;
}
