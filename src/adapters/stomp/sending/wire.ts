/** What the parts of a session share: writing frames, and knowing who waits for which receipt. */
import { ConnectionClosedError, formatAddress, type MasterSlaveError } from "../../../errors/errors.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { FrameWriter } from "../frames/frame-writer.ts";
import { headerLines } from "../frames/header-text.ts";
import { SendEncoder } from "../messages/encoded-send.ts";
import type { BrokerRefusal } from "../opening/failures.ts";
import type { Peer } from "../opening/peer.ts";
import { Receipts } from "./receipts.ts";

/** Waits for the answer to one request; at most one of these is called, once. */
export interface ReceiptWaiter {
  onReceipt(): void;
  onRefused(refusal: BrokerRefusal): void;
  /** The session ended first, or nothing is written any more. */
  onSessionEnd?(cause: MasterSlaveError): void;
  /** Of a SEND: how large its body is, for an ERROR that says "too large" and names nobody. */
  readonly bodyBytes?: number;
  /** Of a SUBSCRIBE: Artemis refuses one with an ERROR that names nobody. */
  readonly subscribes?: true;
  /** It asks for no receipt itself: its refusal names nobody, and the session goes on all the same. */
  readonly unnamed?: true;
  /** Told of an ERROR that names nobody and can only mean what was written before this; it goes on waiting. */
  onUnnamed?(refusal: BrokerRefusal): void;
}

/** The sends of one session that are in no transaction of the user's. */
export interface SessionSends {
  send(send: OutgoingSend): void;
  /** Calls `act` when nothing that was sent so far can be stored after what is written next, or the session is over. */
  behind(act: () => void): void;
  /** Writes what can be written before the session is closed. */
  flush(): void;
  /** The session is over. */
  end(): void;
  /** Whether two answers are on their way, of which the broker's kernel may keep the second until the first is acknowledged. */
  readonly expectsMore: boolean;
  /** Whether an ERROR that names nobody can be about a send. */
  readonly awaitsUnnamed: boolean;
  /** Whom an ERROR that names nobody is about, where it can only be a send. */
  findUnnamed(refusal: BrokerRefusal): ReceiptWaiter | undefined;
}

/** By name, or as they are written: each line with its line end (headerLines). */
export type OutgoingHeaders = Readonly<Record<string, string>> | string;

export class Wire {
  readonly peer: Peer;
  readonly encoder: SendEncoder;
  readonly #writer: FrameWriter;
  readonly #onMistake: (mistake: unknown) => void;
  readonly #waiting = new Receipts<ReceiptWaiter>();
  #answered = 0;
  #open = true;
  #endedBy: MasterSlaveError | undefined;

  /** `onMistake` is told of what was thrown where nobody could catch it. */
  constructor(peer: Peer, writer: FrameWriter, onMistake: (mistake: unknown) => void) {
    this.peer = peer;
    this.encoder = new SendEncoder(peer);
    this.#writer = writer;
    this.#onMistake = onMistake;
  }

  /** Calls `act`. What is thrown in a callback of stompit's or of a timer would otherwise be thrown from the event loop. */
  guard(act: () => void): void {
    try {
      act();
    } catch (mistake) {
      this.#onMistake(mistake);
    }
  }

  /** How many requests were answered so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether frames are still written; false from DISCONNECT or the session's end on. */
  get open(): boolean {
    return this.#open;
  }

  /** Writes a whole frame, or nothing once the wire is closed. */
  write(command: string, headers: OutgoingHeaders, body?: Buffer): void {
    if (this.#open) this.#writer.write(command, this.#linesOf(headers), body);
  }

  /** Has this turn write something: a line end between frames, as a heart-beat is, if nothing else. */
  acknowledge(): void {
    if (this.#open) this.#writer.acknowledge();
  }

  /** As write(), asking for a receipt. */
  request(command: string, headers: OutgoingHeaders, waiter: ReceiptWaiter, body?: Buffer): void {
    if (!this.#open) {
      // In a turn of its own: the caller is not through with its call yet.
      queueMicrotask(() => this.guard(() => waiter.onSessionEnd?.(this.whyClosed)));
      return;
    }
    const receipt = this.#waiting.add(waiter);
    this.#writer.write(command, `${this.#linesOf(headers)}receipt:${receipt}\n`, body);
  }

  #linesOf(headers: OutgoingHeaders): string {
    return typeof headers === "string" ? headers : headerLines(headers, this.peer.version);
  }

  /** The same for a frame that must not ask itself: the receipt of an empty transaction behind it says that it has been carried out. */
  requestBehind(command: string, headers: Record<string, string>, waiter: ReceiptWaiter): void {
    const transaction = `behind-${this.#waiting.last + 1}`;
    this.write(command, headers);
    this.write("BEGIN", { transaction });
    this.request("ABORT", { transaction }, waiter);
  }

  /** Who waits for this receipt; it waits no longer. */
  take(receipt: string | undefined): ReceiptWaiter | undefined {
    const number = receiptNumber(receipt);
    const waiter = number === undefined ? undefined : this.#waiting.take(number);
    if (waiter) this.#answered += 1;
    return waiter;
  }

  /** Who waits with the largest body, if anybody has one; it waits no longer. */
  takeLargest(): ReceiptWaiter | undefined {
    let largest: number | undefined;
    let bytes = 0;
    for (const [receipt, { bodyBytes = 0 }] of this.#waiting) {
      if (bodyBytes <= bytes) continue;
      bytes = bodyBytes;
      largest = receipt;
    }
    return largest === undefined ? undefined : this.#waiting.take(largest);
  }

  /** The one SUBSCRIBE that waits; it waits no longer. undefined when there are more, for nobody could say which. */
  takeOnlySubscribe(): ReceiptWaiter | undefined {
    return this.#takeOnly(({ subscribes }) => subscribes === true);
  }

  /**
   * Whom an ERROR that names nobody means, as the broker works in the order of what is written: what is before the first
   * fence, or the one waiter whose refusal names nobody (undefined when there are more), which waits no longer. Where there
   * is none, whoever `otherwise` names.
   */
  takeUnnamed(otherwise: () => ReceiptWaiter | undefined): ReceiptWaiter | undefined {
    for (const [, { unnamed, onUnnamed }] of this.#waiting) {
      if (onUnnamed) return { unnamed: true, onReceipt: () => {}, onRefused: onUnnamed };
      if (unnamed) return this.#takeOnly((waiter) => waiter.unnamed === true);
    }
    return otherwise();
  }

  #takeOnly(which: (waiter: ReceiptWaiter) => boolean): ReceiptWaiter | undefined {
    const [first, ...others] = [...this.#waiting].filter(([, waiter]) => which(waiter));
    return first === undefined || others.length > 0 ? undefined : this.#waiting.take(first[0]);
  }

  /** Whether this receipt was ever asked for, answered or not. */
  wasAsked(receipt: string | undefined): boolean {
    const number = receiptNumber(receipt);
    return number !== undefined && number <= this.#waiting.last;
  }

  /** No further frame goes out. */
  close(): void {
    this.#open = false;
  }

  /** The session is over: nobody will be answered. */
  abandon(cause: MasterSlaveError): void {
    this.close();
    this.#endedBy ??= cause;
    for (const waiter of this.#waiting.drain()) waiter.onSessionEnd?.(cause);
  }

  /** Why nothing is written any more. */
  get whyClosed(): MasterSlaveError {
    const { endpoint } = this.peer;
    return (
      this.#endedBy ?? new ConnectionClosedError(`The session with ${formatAddress(endpoint)} is closing`, { endpoint })
    );
  }
}

/** Of a receipt such as we ask for; undefined for any other text. */
function receiptNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
