/** Encodes a send as the text of its headers. The lines that all sends to one destination share are made once. */
import { InvalidArgumentError } from "../../../errors/errors.ts";
import type { Destination } from "../../../messaging/messages/destination.ts";
import {
  DUPLICATE_ID_PROPERTY,
  NO_PROPERTIES,
  type OutgoingMessage,
} from "../../../messaging/messages/outgoing-message.ts";
import { escapeHeader, headerLines, type StompVersion } from "../frames/header-text.ts";
import type { Dialect } from "../opening/broker.ts";
import type { Peer } from "../opening/peer.ts";
import { addressSend } from "./destination.ts";
import { findUnsendable } from "./header-limits.ts";
import { CONTENT_TYPES, isMeasured, optionalHeaders } from "./message.ts";

/** A SEND without its receipt, transaction and delay, which are added for each write. */
export interface EncodedSend {
  readonly dialect: Dialect;
  readonly version: StompVersion;
  /** The header lines, each with its line end. */
  readonly lines: string;
  readonly body: Buffer;
}

/** A message that is sent with the headers of its original sender. */
export interface MessageCopy {
  readonly message: OutgoingMessage;
  /** The content type that the original sender gave; undefined if there was none. */
  readonly contentType: string | undefined;
}

interface Address {
  readonly kind: Destination["kind"];
  readonly bare: Destination["bare"];
  readonly lines: string;
}

const PERSISTENT = `persistent:true\n${DUPLICATE_ID_PROPERTY}:`;
const NOT_PERSISTENT = `persistent:false\n${DUPLICATE_ID_PROPERTY}:`;
const TYPE_LINES = {
  text: `content-type:${CONTENT_TYPES.text}\n`,
  json: `content-type:${CONTENT_TYPES.json}\n`,
  bytes: `content-type:${CONTENT_TYPES.bytes}\n`,
} as const;
/** Far below the header limit of any broker. */
const SHORT_LENGTH = 256;
/** The cache is emptied beyond this: a connection that replies to ever new destinations would fill it. */
const MAX_DESTINATIONS = 256;

export class SendEncoder {
  readonly #peer: Peer;
  /** The written address of each destination by name, for sends that have only a body and an id. */
  readonly #addresses = new Map<string, Address>();
  readonly #textMark: string;

  constructor(peer: Peer) {
    this.#peer = peer;
    const { textMark } = peer.dialect;
    this.#textMark = textMark === undefined ? "" : `${textMark[0]}:${textMark[1]}\n`;
  }

  /** @throws InvalidArgumentError, UnsupportedError as optionalHeaders does, and for headers that this peer cannot be sent. */
  encode(destination: Destination, message: OutgoingMessage): EncodedSend {
    const { dialect, version } = this.#peer;
    const common = this.#commonLines(destination, message, TYPE_LINES[message.kind]);
    const lines = isPlain(message) ? common : common + this.#optionalLines(message, common);
    return { dialect, version, lines, body: message.body };
  }

  /** Encodes a copy. Its headers have come from this broker, so they can go back to it. */
  encodeCopy(destination: Destination, { message, contentType }: MessageCopy): EncodedSend {
    const { dialect, version } = this.#peer;
    const type = contentType === undefined ? "" : headerLines({ "content-type": contentType }, version);
    const common = this.#commonLines(destination, message, type);
    const lines = common + headerLines(optionalHeaders(message, dialect), version);
    return { dialect, version, lines, body: message.body };
  }

  /** Returns the headers that every message has. `type`: the line of its content type. */
  #commonLines(destination: Destination, message: OutgoingMessage, type: string): string {
    const { id, persistent, kind, body } = message;
    const { dialect, version } = this.#peer;
    const mark = persistent ? PERSISTENT : NOT_PERSISTENT;
    const lines = `${this.#address(destination)}${mark}${escapeHeader(id, version)}\n${type}`;
    if (!isMeasured(kind, body, dialect)) return lines;
    const textMark = kind === "bytes" ? "" : this.#textMark;
    return `${lines}content-length:${body.length}\n${textMark}`;
  }

  /** Returns the headers that few messages have, which follow the `common` ones. */
  #optionalLines(message: OutgoingMessage, common: string): string {
    const { dialect, version } = this.#peer;
    const headers = optionalHeaders(message, dialect);
    this.#refuseUnsendable({ [DUPLICATE_ID_PROPERTY]: message.id, ...headers }, common.split("\n").length - 2);
    return headerLines(headers, version);
  }

  #address(destination: Destination): string {
    const { kind, name, bare } = destination;
    const known = this.#addresses.get(name);
    if (known?.kind === kind && known.bare === bare) return known.lines;
    const headers = addressSend(destination, this.#peer.dialect);
    this.#refuseUnsendable(headers);
    const lines = headerLines(headers, this.#peer.version);
    if (this.#addresses.size >= MAX_DESTINATIONS) this.#addresses.clear();
    this.#addresses.set(name, { kind, bare, lines });
    return lines;
  }

  /** @throws InvalidArgumentError if a header cannot be sent. `beside` is the number of further headers of the frame. */
  #refuseUnsendable(headers: Readonly<Record<string, string>>, beside = 0): void {
    const unsendable = findUnsendable(headers, this.#peer, beside);
    if (unsendable) throw new InvalidArgumentError(`The message cannot be sent over STOMP: it has ${unsendable}`);
  }
}

/** Whether a message has only a body and an id, which are within the limits of every broker. */
function isPlain(message: OutgoingMessage): boolean {
  return (
    message.properties === NO_PROPERTIES &&
    message.priority === undefined &&
    message.expiresAtMs === undefined &&
    message.correlationId === undefined &&
    message.replyTo === undefined &&
    message.type === undefined &&
    message.groupId === undefined &&
    message.deliverAtMs === undefined &&
    message.id.length < SHORT_LENGTH
  );
}
