/** What the parts of a session share: writing frames, and knowing who waits for which receipt. */
import { ConnectionClosedError, formatAddress, type MasterSlaveError } from "../../../errors/errors.ts";
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { FrameWriter } from "../frames/frame-writer.ts";
import { headerLines } from "../frames/header-text.ts";
import { SendEncoder } from "../messages/encoded-send.ts";
import type { Peer } from "../opening/peer.ts";
import type { BrokerRefusal } from "../opening/refusal.ts";
import { type ReceiptWaiter, ReceiptWaiters } from "./receipt-waiters.ts";

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

/** What a wire has of its session. */
export interface WireDeps {
  /** Told of what was thrown where nobody could catch it. */
  onMistake(mistake: unknown): void;
  /** Whether a frame of the peer's is not whole yet: an answer behind it cannot be read. */
  isMidFrame(): boolean;
}

/** By name, or as they are written: each line with its line end (headerLines). */
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

  /** Calls `act`. What is thrown in a callback of stompit's or of a timer would otherwise be thrown from the event loop. */
  guard(act: () => void): void {
    try {
      act();
    } catch (mistake) {
      this.#deps.onMistake(mistake);
    }
  }

  /** How many requests were answered so far. */
  get answered(): number {
    return this.#answered;
  }

  /** Whether the peer's answers wait behind a frame of its own that is not whole. */
  get inputBlocked(): boolean {
    return this.#deps.isMidFrame();
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
    return this.#waiting.takeLargest();
  }

  /** The one SUBSCRIBE that waits; it waits no longer. undefined when there are more, for nobody could say which. */
  takeOnlySubscribe(): ReceiptWaiter | undefined {
    return this.#waiting.takeOnlySubscribe();
  }

  /** Whom an ERROR that names nobody means; whoever `otherwise` names where no waiter can be meant. */
  takeUnnamed(otherwise: () => ReceiptWaiter | undefined): ReceiptWaiter | undefined {
    return this.#waiting.takeUnnamed(otherwise);
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
