/** A message to send, checked and encoded once, so that every resend carries the same bytes. */
import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { InvalidArgumentError } from "../../errors/errors.ts";
import { checkFlags } from "./argument-checks.ts";
import { type Destination, LONE_SURROGATE, parseDestination } from "./destination.ts";
import { type EncodedSections, sectionsOf } from "./encoded-sections.ts";
import { type EncodedBody, encodeBody } from "./message-body.ts";
import { correlationOf } from "./reply-correlation.ts";

/**
 * A string is text. A Uint8Array, any other typed array and a DataView are sent as their bytes. Anything else is JSON.
 * Values that JSON would store without their content (a Promise, an ArrayBuffer, a Map, a Set, a Blob, an Error) are
 * INVALID_ARGUMENT.
 */
export type MessageBody = string | ArrayBufferView | object | number | boolean | null;

/** The types that a property of a message can have; over STOMP every value arrives as text. */
export type PropertyValue = string | number | boolean;

/** The options of a message. */
export interface MessageOptions {
  /** Application properties; names must not contain control characters. */
  readonly properties?: Readonly<Record<string, PropertyValue>> | undefined;
  /** Time to live: milliseconds from the call until the message expires. */
  readonly ttlMs?: number | undefined;
  /** From 0 (least urgent) to 9; 4 by default. */
  readonly priority?: number | undefined;
  /** The id of the request that this message answers, or of what it belongs to. */
  readonly correlationId?: string | undefined;
  /** Where a reply should be sent: `queue://NAME` or `topic://NAME`. */
  readonly replyTo?: string | undefined;
  /** The kind of message, for its receivers: JMSType, the AMQP subject. */
  readonly type?: string | undefined;
  /** The message group: its messages go to one consumer at a time, in order (JMSXGroupID). */
  readonly groupId?: string | undefined;
  /** The position in the group, from 1; -1 closes the group on Classic (JMSXGroupSeq). */
  readonly groupSequence?: number | undefined;
  /**
   * Milliseconds from the call until the broker delivers it. Classic needs its scheduler for this (`schedulerSupport`).
   */
  readonly delayMs?: number | undefined;
  /** Whether it survives a restart of the broker; true by default. */
  readonly persistent?: boolean | undefined;
  /** The stable id; a random one by default. Artemis drops a second message with the same id. */
  readonly id?: string | undefined;
}

export interface OutgoingMessage {
  readonly id: string;
  /** Whether the caller chose the id, so that the broker may have a message with it already. */
  readonly idGiven: boolean;
  readonly body: Buffer;
  /** The length of the body when send() was called, because its buffer may be transferred later. */
  readonly bodyBytes: number;
  readonly kind: EncodedBody["kind"];
  readonly properties: Readonly<Record<string, PropertyValue>>;
  /** Milliseconds from the call of send() until it expires; held time counts. */
  readonly ttlMs: number | undefined;
  /** The same as a time, for protocols that only have times: `Date.now()` at which it expires. */
  readonly expiresAtMs: number | undefined;
  readonly priority: number | undefined;
  readonly correlationId: string | undefined;
  /** The correlation id as an adapter encoded it, for the reply to a request whose id is no string. */
  readonly correlation?: Buffer | undefined;
  /** Sections of an AMQP message that a bridge passes on: they contain the body, and only AMQP can send them. */
  readonly sections?: EncodedSections | undefined;
  readonly replyTo: Destination | undefined;
  readonly type: string | undefined;
  readonly groupId: string | undefined;
  readonly groupSequence: number | undefined;
  /** Milliseconds from the call of send() until the broker may deliver it. */
  readonly delayMs: number | undefined;
  /**
   * The same as a time, for protocols that only have times: `Date.now()` before which the broker must not deliver it.
   */
  readonly deliverAtMs: number | undefined;
  /** `performance.now()` at the call of send(), from which ttlMs and delayMs count; 0 if it has neither. */
  readonly madeAtMs: number;
  readonly persistent: boolean;
}

/**
 * The property that carries the stable id to consumers, and to Artemis, which drops a second message with the same id
 * (duplicate detection in the Artemis user manual).
 */
export const DUPLICATE_ID_PROPERTY = "_AMQ_DUPL_ID";

/** The properties of a message without any: adapters recognise this very object. */
export const NO_PROPERTIES: Readonly<Record<string, PropertyValue>> = Object.freeze({});

const MAX_INT = 2_147_483_647;

/**
 * Each option is read once, because a getter may change its answer. @throws InvalidArgumentError for anything that a
 * broker would refuse, or would drop the connection for.
 */
export function createOutgoingMessage(body: MessageBody, options: MessageOptions = {}): OutgoingMessage {
  const { id, properties, ttlMs, priority, correlationId, replyTo, type, groupId, groupSequence, delayMs } = options;
  const { persistent = true } = options;
  if (id !== undefined) checkId(id);
  if (persistent !== true) checkFlags({ persistent });
  if (correlationId !== undefined) checkText("correlationId", correlationId);
  if (type !== undefined) checkText("type", type);
  if (groupId !== undefined) checkText("groupId", groupId);
  checkPriority(priority);
  checkGroupSequence(groupId, groupSequence);
  const times = timesOf(ttlMs, delayMs);
  const { bytes, kind } = encodeBody(body);
  return {
    id: id ?? randomUUID(),
    idGiven: id !== undefined,
    body: bytes,
    bodyBytes: bytes.length,
    kind,
    properties: properties === undefined ? NO_PROPERTIES : copyProperties(properties),
    ttlMs: times.ttlMs,
    expiresAtMs: times.expiresAtMs,
    delayMs: times.delayMs,
    deliverAtMs: times.deliverAtMs,
    madeAtMs: times.madeAtMs,
    priority,
    correlationId,
    correlation: correlationId === undefined ? undefined : correlationOf(options),
    sections: sectionsOf(options),
    replyTo: replyTo === undefined ? undefined : parseDestination(replyTo),
    type,
    groupId,
    groupSequence,
    persistent,
  };
}

/** The remaining time to live in ms; undefined for a message without one. It does not depend on the wall clock. */
export function timeLeftMs({ ttlMs, madeAtMs }: OutgoingMessage): number | undefined {
  return ttlMs === undefined ? undefined : ttlMs - (performance.now() - madeAtMs);
}

/** The remaining delay in ms, at least 0; undefined for a message without one. */
export function delayLeftMs({ delayMs, madeAtMs }: OutgoingMessage): number | undefined {
  return delayMs === undefined ? undefined : Math.max(0, delayMs - (performance.now() - madeAtMs));
}

type Times = Pick<OutgoingMessage, "ttlMs" | "expiresAtMs" | "delayMs" | "deliverAtMs" | "madeAtMs">;

const NO_TIMES: Times = Object.freeze({
  ttlMs: undefined,
  expiresAtMs: undefined,
  delayMs: undefined,
  deliverAtMs: undefined,
  madeAtMs: 0,
});

function timesOf(ttlMs: number | undefined, delayMs: number | undefined): Times {
  if (ttlMs === undefined && delayMs === undefined) return NO_TIMES;
  if (ttlMs !== undefined && !(Number.isFinite(ttlMs) && ttlMs > 0))
    throw new InvalidArgumentError(`ttlMs is a positive number of milliseconds, not ${inspect(ttlMs)}`);
  if (delayMs !== undefined && !(Number.isFinite(delayMs) && delayMs >= 0))
    throw new InvalidArgumentError(`delayMs is a number of milliseconds, not ${inspect(delayMs)}`);
  const nowMs = Date.now();
  return {
    ttlMs,
    expiresAtMs: ttlMs === undefined ? undefined : nowMs + ttlMs,
    delayMs: delayMs === 0 ? undefined : delayMs,
    deliverAtMs: delayMs === undefined || delayMs === 0 ? undefined : nowMs + delayMs,
    madeAtMs: performance.now(),
  };
}

function checkPriority(priority: number | undefined): void {
  if (priority === undefined || (Number.isInteger(priority) && priority >= 0 && priority <= 9)) return;
  throw new InvalidArgumentError(`priority is a whole number from 0 to 9, not ${inspect(priority)}`);
}

function checkGroupSequence(groupId: string | undefined, groupSequence: number | undefined): void {
  if (groupSequence === undefined) return;
  if (groupId === undefined) throw new InvalidArgumentError("groupSequence is a place in a group: give a groupId too");
  if (!(Number.isInteger(groupSequence) && Math.abs(groupSequence) <= MAX_INT)) {
    throw new InvalidArgumentError(`groupSequence is a whole number of 32 bits, not ${inspect(groupSequence)}`);
  }
}

function checkId(id: string): void {
  checkText("id", id);
  if (id === "") throw new InvalidArgumentError("The message id is empty");
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: STOMP 1.2 cannot carry it in a header.
const NUL = /\u0000/;

/** A copy, so that resends carry what was sent first, whatever the caller does to its object. */
function copyProperties(properties: Readonly<Record<string, PropertyValue>>): Readonly<Record<string, PropertyValue>> {
  if (typeof properties !== "object" || properties === null)
    throw new InvalidArgumentError(`properties is an object with a value for each name, not ${inspect(properties)}`);
  const copy: [string, PropertyValue][] = [];
  for (const [name, value] of Object.entries(properties)) {
    checkText("A property name", name);
    if (name === "") throw new InvalidArgumentError("A property has an empty name");
    if (typeof value === "string") checkText(`The property ${name}`, value, NUL);
    else if (typeof value !== "boolean" && !Number.isFinite(value)) {
      throw new InvalidArgumentError(
        `The property ${name} is a string, a finite number or a boolean, not ${inspect(value)}`,
      );
    }
    copy.push([name, value]);
  }
  return Object.fromEntries(copy);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what ends a header, or a connection.
function checkText(what: string, value: unknown, forbidden = /[\u0000\r\n]/): void {
  if (typeof value !== "string") throw new InvalidArgumentError(`${what} is a string, not ${typeof value}`);
  if (forbidden.test(value)) throw new InvalidArgumentError(`${what} ${JSON.stringify(value)} has a control character`);
  // An id or a name would be another one.
  if (LONE_SURROGATE.test(value))
    throw new InvalidArgumentError(`${what} ${JSON.stringify(value)} has half of a surrogate pair`);
}
