/** A message to send, checked and turned into bytes once, so that every resend carries the same. */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { checkFlags } from "./argument-checks.ts";
import { type Destination, parseDestination } from "./destination.ts";

/** A string is text, a Uint8Array is bytes, anything else is JSON. */
export type MessageBody = string | Uint8Array | object | number | boolean | null;

export type PropertyValue = string | number | boolean;

/** What may accompany a message. */
export interface MessageOptions {
  /** Application properties; names without a control character. */
  readonly properties?: Readonly<Record<string, PropertyValue>>;
  /** Milliseconds from the call until the message is worth nothing. */
  readonly ttlMs?: number;
  /** 0 (least urgent) to 9; 4 unless said. */
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  /** What kind of message it is, for its receivers: JMSType, the AMQP subject. */
  readonly type?: string;
  /** Messages of one group go to one consumer at a time, in order: JMSXGroupID. */
  readonly groupId?: string;
  /** The place in the group, from 1; -1 closes the group on Classic: JMSXGroupSeq. */
  readonly groupSequence?: number;
  /** Milliseconds from the call until the broker hands it out. Classic does so only with its scheduler on (`schedulerSupport`). */
  readonly delayMs?: number;
  /** Survives a restart of the broker; true unless said. */
  readonly persistent?: boolean;
  /** The stable id; a random one unless said. Artemis drops a second message with the same id. */
  readonly id?: string;
}

export interface OutgoingMessage {
  readonly id: string;
  /** The caller chose the id, so that the broker may have a message with it already. */
  readonly idGiven: boolean;
  readonly body: Buffer;
  readonly kind: "text" | "bytes" | "json";
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** `Date.now()` at which it expires. */
  readonly expiresAtMs: number | undefined;
  readonly priority: number | undefined;
  readonly correlationId: string | undefined;
  readonly replyTo: Destination | undefined;
  readonly type: string | undefined;
  readonly groupId: string | undefined;
  readonly groupSequence: number | undefined;
  /** `Date.now()` before which the broker is not to hand it out. */
  readonly deliverAtMs: number | undefined;
  readonly persistent: boolean;
}

/**
 * The property that carries the stable id to consumers, and to Artemis, which drops a second message with the same
 * (duplicate detection of the Artemis user manual).
 */
export const DUPLICATE_ID_PROPERTY = "_AMQ_DUPL_ID";

/** Of a message that has none: adapters know it by its identity. */
export const NO_PROPERTIES: Readonly<Record<string, PropertyValue>> = Object.freeze({});

const MAX_INT = 2_147_483_647;

/** @throws InvalidArgumentError for anything a broker would refuse, or would drop the connection for. */
export function createOutgoingMessage(body: MessageBody, options: MessageOptions = {}): OutgoingMessage {
  const { ttlMs, priority, correlationId, type, groupId, persistent = true } = options;
  if (options.id !== undefined) checkId(options.id);
  if (persistent !== true) checkFlags({ persistent });
  if (correlationId !== undefined) checkText("correlationId", correlationId);
  if (type !== undefined) checkText("type", type);
  if (groupId !== undefined) checkText("groupId", groupId);
  if (priority !== undefined && !(Number.isInteger(priority) && priority >= 0 && priority <= 9)) {
    throw new InvalidArgumentError(`priority is a whole number from 0 to 9, not ${inspect(priority)}`);
  }
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0)) {
    throw new InvalidArgumentError(`ttlMs is a positive number of milliseconds, not ${inspect(ttlMs)}`);
  }
  const { bytes, kind } = encodeBody(body);
  return {
    id: options.id ?? randomUUID(),
    idGiven: options.id !== undefined,
    body: bytes,
    kind,
    properties: options.properties === undefined ? NO_PROPERTIES : checkProperties(options.properties),
    expiresAtMs: ttlMs === undefined ? undefined : Date.now() + ttlMs,
    priority,
    correlationId,
    replyTo: options.replyTo === undefined ? undefined : parseDestination(options.replyTo),
    type,
    groupId,
    groupSequence: checkGroupSequence(options),
    deliverAtMs: readDelay(options),
    persistent,
  };
}

function checkGroupSequence({ groupId, groupSequence }: MessageOptions): number | undefined {
  if (groupSequence === undefined) return undefined;
  if (groupId === undefined) throw new InvalidArgumentError("groupSequence is a place in a group: give a groupId too");
  if (!(Number.isInteger(groupSequence) && Math.abs(groupSequence) <= MAX_INT)) {
    throw new InvalidArgumentError(`groupSequence is a whole number of 32 bits, not ${inspect(groupSequence)}`);
  }
  return groupSequence;
}

function readDelay({ delayMs }: MessageOptions): number | undefined {
  if (delayMs === undefined) return undefined;
  if (!(Number.isFinite(delayMs) && delayMs >= 0)) {
    throw new InvalidArgumentError(`delayMs is a number of milliseconds, not ${inspect(delayMs)}`);
  }
  return delayMs === 0 ? undefined : Date.now() + delayMs;
}

function checkId(id: string): void {
  checkText("id", id);
  if (id === "") throw new InvalidArgumentError("The message id is empty");
}

interface EncodedBody {
  readonly kind: OutgoingMessage["kind"];
  readonly bytes: Buffer;
}

function encodeBody(body: MessageBody): EncodedBody {
  if (typeof body === "string") return { kind: "text", bytes: Buffer.from(body) };
  if (Buffer.isBuffer(body)) return { kind: "bytes", bytes: body };
  if (body instanceof Uint8Array)
    return { kind: "bytes", bytes: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  let json: string | undefined;
  try {
    json = JSON.stringify(body);
  } catch (cause) {
    throw new InvalidArgumentError(
      `The body cannot be written as JSON: ${cause instanceof Error ? cause.message : inspect(cause)}`,
    );
  }
  if (json === undefined)
    throw new InvalidArgumentError(`The body is ${typeof body}: send a string, a Uint8Array or a JSON value`);
  return { kind: "json", bytes: Buffer.from(json) };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: STOMP 1.2 cannot carry it in a header.
const NUL = /\u0000/;

function checkProperties(properties: Readonly<Record<string, PropertyValue>>): Readonly<Record<string, PropertyValue>> {
  for (const [name, value] of Object.entries(properties)) {
    checkText("A property name", name);
    if (name === "") throw new InvalidArgumentError("A property has an empty name");
    if (typeof value === "string") checkText(`The property ${name}`, value, NUL);
    else if (typeof value !== "boolean" && !Number.isFinite(value)) {
      throw new InvalidArgumentError(
        `The property ${name} is a string, a finite number or a boolean, not ${String(value)}`,
      );
    }
  }
  // A copy: resends carry what was sent first, whatever the caller does to its object.
  return { ...properties };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what ends a header, or a connection.
function checkText(what: string, value: unknown, forbidden = /[\u0000\r\n]/): void {
  if (typeof value !== "string") throw new InvalidArgumentError(`${what} is a string, not ${typeof value}`);
  if (forbidden.test(value)) throw new InvalidArgumentError(`${what} ${JSON.stringify(value)} has a control character`);
}
