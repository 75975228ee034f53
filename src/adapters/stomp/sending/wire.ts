/** Shared by the parts of a session: writes frames, and knows who waits for which receipt. */
import { ConnectionClosedError, formatAddress, type MasterSlaveError } from "../../../errors/errors.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { FrameWriter } from "../frames/frame-writer.ts";
import { headerLines } from "../frames/header-text.ts";
import { SendEncoder } from "../messages/encoded-send.ts";
import type { Peer } from "../opening/peer.ts";
import type { BrokerRefusal } from "../opening/refusal.ts";
import { type ReceiptWaiter, ReceiptWaiters } from "./receipt-waiters.ts";

/** The sends of one session outside of the user's transactions. */
export interface SessionSends {
  send(send: OutgoingSend): void;
  /**
   * Calls `act` when nothing that was sent so far can be stored after what is written next, or when the session is
   * over.
   */
  behind(act: () => void): void;
  /** Writes what can be written before the session is closed. */
  flush(): void;
  /** Called when the session is over. */
  end(): void;
  /**
   * Whether two answers are on their way, so that the broker's kernel may hold back the second until the first is
   * acknowledged.
   */
  readonly expectsMore: boolean;
  /** Whether an ERROR that names no receipt may concern a send. */
  readonly awaitsUnnamed: boolean;
  /** The waiter that an ERROR without a receipt concerns, if that can only be a send. */
  findUnnamed(refusal: BrokerRefusal): ReceiptWaiter | undefined;
}

/** The functions of its session that a wire calls. */
export interface WireDeps {
  /** Called with an exception that nobody else could catch. */
  onMistake(mistake: unknown): void;
  /** Whether the frame that the peer is sending is incomplete: answers behind it cannot be read yet. */
  isMidFrame(): boolean;
}

/** Headers by name, or as they are written: each line with its line end (headerLines). */
export type OutgoingHeaders = Readonly<Record<string, string>> | string;

export class Wire {
  readonly peer: Peer;
  readonly encoder: SendEncoder;
  readonly #writer: FrameWriter;
  readonly #deps: WireDeps;
  readonly #waiting = new ReceiptWaiters();
  #answered = 0;
  #open = true;
  #endedBy: MasterSlaveError | undefined;

  constructor(peer: Peer, writer: FrameWriter, deps: WireDeps) {
    this.peer = peer;
    this.encoder = new SendEncoder(peer);
    this.#writer = writer;
    this.#deps = deps;
  }

  /** Calls `act`; an exception in a callback of stompit or of a timer would otherwise be thrown from the event loop. */
  guard(act: () => void): void {
    try {
      act();
    } catch (mistake) {
      this.#deps.onMistake(mistake);
    }
  }

  /** How many requests have been answered. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether answers of the peer may wait behind an incomplete frame. */
  get inputBlocked(): boolean {
    return this.#deps.isMidFrame();
  }

  /** Whether frames are still written; false after DISCONNECT or the session's end. */
  get open(): boolean {
    return this.#open;
  }

  /** Writes a whole frame; nothing once the wire is closed. */
  write(command: string, headers: OutgoingHeaders, body?: Buffer): void {
    if (this.#open) this.#writer.write(command, this.#linesOf(headers), body);
  }

  /** Makes sure that this turn writes something: if nothing else, a line end between frames, like a heart-beat. */
  acknowledge(): void {
    if (this.#open) this.#writer.acknowledge();
  }

  /** Like write(), with a receipt. */
  request(command: string, headers: OutgoingHeaders, waiter: ReceiptWaiter, body?: Buffer): void {
    if (!this.#open) {
      // In a microtask, because the caller has not returned from its own call yet.
      queueMicrotask(() => this.guard(() => waiter.onSessionEnd?.(this.whyClosed)));
      return;
    }
    const receipt = this.#waiting.add(waiter);
    this.#writer.write(command, `${this.#linesOf(headers)}receipt:${receipt}\n`, body);
  }

  #linesOf(headers: OutgoingHeaders): string {
    return typeof headers === "string" ? headers : headerLines(headers, this.peer.version);
  }

  /**
   * Writes a frame that must not ask for a receipt: the receipt of an empty transaction behind it shows that it has
   * been carried out.
   */
  requestBehind(command: string, headers: Record<string, string>, waiter: ReceiptWaiter): void {
    const transaction = `behind-${this.#waiting.last + 1}`;
    this.write(command, headers);
    this.write("BEGIN", { transaction });
    this.request("ABORT", { transaction }, waiter);
  }

  /** Removes and returns the waiter for this receipt. */
  take(receipt: string | undefined): ReceiptWaiter | undefined {
    const number = receiptNumber(receipt);
    const waiter = number === undefined ? undefined : this.#waiting.take(number);
    if (waiter) this.#answered += 1;
    return waiter;
  }

  /** Removes and returns the waiter with the largest body, if any has one. */
  takeLargest(): ReceiptWaiter | undefined {
    return this.#waiting.takeLargest();
  }

  /**
   * Removes and returns the only waiting SUBSCRIBE; undefined if there are several, because the ERROR does not say
   * which one it concerns.
   */
  takeOnlySubscribe(): ReceiptWaiter | undefined {
    return this.#waiting.takeOnlySubscribe();
  }

  /** Returns the waiter that an ERROR without a receipt-id means; asks `otherwise` if it is none of these. */
  takeUnnamed(otherwise: () => ReceiptWaiter | undefined): ReceiptWaiter | undefined {
    return this.#waiting.takeUnnamed(otherwise);
  }

  /** Whether this receipt was ever requested, answered or not. */
  wasAsked(receipt: string | undefined): boolean {
    const number = receiptNumber(receipt);
    return number !== undefined && number <= this.#waiting.last;
  }

  /** Closes the wire: no further frame is written. */
  close(): void {
    this.#open = false;
  }

  /** The session is over: the waiters get no answer. */
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

/** Returns the number of a receipt id of ours; undefined for any other text. */
function receiptNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
