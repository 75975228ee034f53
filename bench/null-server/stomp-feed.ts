/**
 * Sends MESSAGE frames, which are made once, to a subscription at the STOMP null server, as many as its window allows.
 */
import type { Socket } from "node:net";
import { type Head, headerOf } from "./stomp-reader.ts";

const DIGITS = 10;
/** The most messages in one write, because a window without a limit cannot be written at once. */
const BATCH = 256;
/** The window of a subscription that names none. */
const DEFAULT_WINDOW = 1_000;

/** A frame whose ids are numbers of a fixed width that are overwritten. */
interface Template {
  readonly bytes: Buffer;
  readonly digitsAt: readonly number[];
}

export class StompFeed {
  readonly #socket: Socket;
  readonly #template: Template;
  /** How many messages may be unsettled; with `ack:auto` none are counted. */
  readonly #window: number;
  readonly #cumulative: boolean;
  #sent = 0;
  #acknowledged = 0;
  #ended = false;

  constructor(socket: Socket, subscribe: Head, bodyBytes: number) {
    this.#socket = socket;
    this.#template = templateFor(subscribe, bodyBytes);
    const mode = headerOf(subscribe, "ack") ?? "auto";
    this.#cumulative = mode === "client";
    this.#window = mode === "auto" ? Number.POSITIVE_INFINITY : windowOf(subscribe, this.#template.bytes.length);
    socket.on("drain", () => this.feed());
  }

  /** Writes what the window allows, until the socket's buffer is full. */
  feed(): void {
    while (!this.#ended && !this.#socket.writableNeedDrain) {
      const count = Math.min(BATCH, this.#acknowledged + this.#window - this.#sent);
      if (count <= 0) return;
      this.#socket.write(this.#frames(count));
    }
  }

  /** Handles an ACK or NACK of the message with this number. */
  acknowledge(number: number): void {
    this.#acknowledged = this.#cumulative ? Math.max(this.#acknowledged, number) : this.#acknowledged + 1;
  }

  end(): void {
    this.#ended = true;
  }

  #frames(count: number): Buffer {
    const { bytes, digitsAt } = this.#template;
    const frames = Buffer.allocUnsafe(count * bytes.length);
    for (let n = 0; n < count; n += 1) {
      bytes.copy(frames, n * bytes.length);
      this.#sent += 1;
      for (const at of digitsAt) writeDigits(frames, n * bytes.length + at, this.#sent);
    }
    return frames;
  }
}

/** Writes frames as Classic does. `ack` is the id that an ACK with only an id uses. */
function templateFor(subscribe: Head, bodyBytes: number): Template {
  const zeros = "0".repeat(DIGITS);
  const id = headerOf(subscribe, "id") ?? "0";
  const head = `MESSAGE\nack:${zeros}\nsubscription:${id}\nmessage-id:ID:null-1:1:1:${zeros}\ndestination:${headerOf(subscribe, "destination")}\ncontent-length:${bodyBytes}\npersistent:true\npriority:4\ntimestamp:1700000000000\nexpires:0\n\n`;
  const digitsAt = [head.indexOf(zeros), head.lastIndexOf(zeros)];
  return { bytes: Buffer.concat([Buffer.from(head), Buffer.alloc(bodyBytes, "x"), Buffer.alloc(1)]), digitsAt };
}

/** Classic counts messages and Artemis bytes: a window of 0 is one message, and -1 is no limit. */
function windowOf(subscribe: Head, frameBytes: number): number {
  const messages = headerOf(subscribe, "activemq.prefetchSize");
  if (messages !== undefined) return Number(messages);
  const bytes = headerOf(subscribe, "consumer-window-size");
  if (bytes === undefined) return DEFAULT_WINDOW;
  return Number(bytes) < 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(Number(bytes) / frameBytes));
}

function writeDigits(bytes: Buffer, start: number, value: number): void {
  for (let at = start + DIGITS - 1, rest = value; rest > 0; at -= 1) {
    bytes[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
