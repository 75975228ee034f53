/** What the parts of a session share: writing frames, and knowing who waits for which receipt. */
import type { Client } from "stompit";
import type { Broker } from "../../messaging/messaging-session.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { Dialect } from "./broker.ts";
import type { BrokerRefusal } from "./failures.ts";

/** What the handshake settled. */
export interface Peer {
  readonly endpoint: Endpoint;
  readonly broker: Broker;
  readonly dialect: Dialect;
  readonly version: "1.1" | "1.2";
  /** Takes this connection's credentials out of a text of the broker's. */
  readonly conceal: (text: string) => string;
}

/** Waits for the answer to one request; at most one of these is called, once. */
export interface ReceiptWaiter {
  onReceipt(): void;
  onRefused(refusal: BrokerRefusal): void;
  /** The session ended first. */
  onSessionEnd?(): void;
}

export class Wire {
  readonly peer: Peer;
  readonly #client: Client;
  readonly #onMistake: (mistake: unknown) => void;
  readonly #waiting = new Map<string, ReceiptWaiter>();
  #lastReceipt = 0;
  #open = true;

  /** `onMistake` is told of what was thrown where nobody could catch it. */
  constructor(peer: Peer, client: Client, onMistake: (mistake: unknown) => void) {
    this.peer = peer;
    this.#client = client;
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

  /** Whether frames are still written; false from DISCONNECT or the session's end on. */
  get open(): boolean {
    return this.#open;
  }

  /** Writes a whole frame, or nothing once the wire is closed. `headers` may be used again afterwards. */
  write(command: string, headers: Record<string, string>, body?: Buffer): void {
    if (!this.#open) return;
    const frame = this.#client.sendFrame(command, headers);
    if (body && body.length > 0) frame.end(body);
    else frame.end();
  }

  /** The same, asking for a receipt. */
  request(command: string, headers: Record<string, string>, waiter: ReceiptWaiter, body?: Buffer): void {
    if (!this.#open) return;
    const receipt = String(++this.#lastReceipt);
    this.#waiting.set(receipt, waiter);
    this.write(command, { ...headers, receipt }, body);
  }

  /** Who waits for this receipt; it waits no longer. */
  take(receipt: string | undefined): ReceiptWaiter | undefined {
    if (receipt === undefined) return undefined;
    const waiter = this.#waiting.get(receipt);
    this.#waiting.delete(receipt);
    return waiter;
  }

  /** Whether this receipt was ever asked for, answered or not. */
  wasAsked(receipt: string | undefined): boolean {
    const number = Number(receipt);
    return Number.isInteger(number) && number >= 1 && number <= this.#lastReceipt;
  }

  /** No further frame goes out. */
  close(): void {
    this.#open = false;
  }

  /** The session is over: nobody will be answered. */
  abandon(): void {
    this.close();
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiter of waiting) waiter.onSessionEnd?.();
  }
}
