/**
 * Every send that is not confirmed, in the order of the calls, bounded by count and bytes. It outlives sessions: what
 * one left unanswered the next one gets first.
 */
import { type EndpointAddress, type MasterSlaveError, MessageTooLargeError } from "../errors.ts";
import type { Destination } from "./destination.ts";
import type { MessagingSession } from "./messaging-session.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { PendingSend, type SendLimits, type SendOwner, type SendResult } from "./pending-send.ts";
import type { Suspect } from "./poison-rule.ts";
import { WaitingLine } from "./waiting-line.ts";

export interface PendingSendsSettings {
  readonly maxPendingSends: number;
  readonly maxPendingBytes: number;
  /** What becomes of a send that was written and not answered when its session ended. */
  readonly inDoubt: "resend" | "fail";
}

export interface PendingSendsStats {
  readonly pendingSends: number;
  readonly pendingBytes: number;
  readonly waitingSends: number;
  readonly confirmed: number;
  readonly failed: number;
  readonly resent: number;
}

export class PendingSends implements SendOwner {
  readonly #settings: PendingSendsSettings;
  /** Admitted sends: within the bounds, in order. */
  readonly #admitted = new Set<PendingSend>();
  /** Written sends whose callers gave up: until they are answered their bytes are with the session, and take room. */
  readonly #givenUp = new Set<PendingSend>();
  /** Sends that wait for room: they cost what their callers keep of them anyway. */
  readonly #waiting = new WaitingLine<PendingSend>(({ abandoned }) => abandoned);
  #bytes = 0;
  #confirmed = 0;
  #failed = 0;
  #resent = 0;
  #session: MessagingSession | undefined;
  #endpoint: EndpointAddress | undefined;
  #onceEmpty: (() => void)[] = [];

  constructor(settings: PendingSendsSettings) {
    this.#settings = settings;
  }

  get endpoint(): EndpointAddress | undefined {
    return this.#endpoint;
  }

  get stats(): PendingSendsStats {
    return {
      pendingSends: this.#admitted.size + this.#givenUp.size,
      pendingBytes: this.#bytes,
      waitingSends: this.#waiting.size,
      confirmed: this.#confirmed,
      failed: this.#failed,
      resent: this.#resent,
    };
  }

  /** Resolves when a broker has confirmed it; see Connection.send. */
  add(destination: Destination, message: OutgoingMessage, limits: SendLimits): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const send = new PendingSend(destination, message, this, { resolve, reject });
      if (send.bytes > this.#settings.maxPendingBytes) {
        const text = `The message of ${send.bytes} bytes is larger than maxPendingBytes=${this.#settings.maxPendingBytes}`;
        this.#failed += 1;
        reject(new MessageTooLargeError(text, { id: message.id }));
        return;
      }
      send.limit(limits);
      if (this.#waiting.size === 0 && this.#hasRoom(send)) this.#admit(send);
      else this.#waiting.push(send);
    });
  }

  /** Sends that several sessions died of, or beside: each must be answered alone before the rest goes on. */
  suspects(poisonAfter: number): Suspect[] {
    return [...this.#admitted].filter(({ deaths }) => deaths >= poisonAfter);
  }

  /** From here on confirmations come from `endpoint`. */
  reached(endpoint: EndpointAddress): void {
    this.#endpoint = endpoint;
  }

  /** How many sends of earlier sessions are to be sent again. */
  get inDoubtCount(): number {
    let count = 0;
    for (const send of this.#admitted) if (send.inDoubt && !send.unanswered) count += 1;
    return count;
  }

  /** Hands everything held to the session, in order; what is added from now on follows at once. */
  resume(session: MessagingSession): void {
    // A send that fails at once lets a waiting one in: the iteration reaches it too, so it is not sent twice.
    for (const send of this.#admitted) if (!send.unanswered && !send.expire()) send.giveTo(session);
    this.#session = session;
  }

  /** The session ended: what it left unanswered is held again, or fails if in doubt is to fail. */
  interrupt(cause: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#admitted]) {
      const inDoubt = send.interrupted();
      // Nobody watched its time to live while it was written.
      if (inDoubt && this.#settings.inDoubt === "fail") send.failInDoubt(cause);
      else send.expire();
    }
    this.#admitWaiting();
  }

  /** Rejects whatever is left: the written as in doubt, the rest with `error`. */
  abandon(error: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#waiting.drain(), ...this.#admitted]) {
      if (send.inDoubt) send.failInDoubt(error);
      else send.fail(error);
    }
  }

  /** Resolves when no caller waits for an answer, or `signal` fires. */
  async empty(signal: AbortSignal): Promise<void> {
    if (this.#admitted.size + this.#waiting.size === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      this.#onceEmpty.push(resolve);
    });
  }

  sendOver(send: PendingSend, confirmed: boolean): void {
    if (confirmed) this.#confirmed += 1;
    else this.#failed += 1;
    if (!this.#admitted.delete(send)) this.#waiting.noteLeft();
    else if (send.unanswered) this.#givenUp.add(send);
    else this.#bytes -= send.bytes;
    this.#admitWaiting();
    if (this.#admitted.size + this.#waiting.size > 0) return;
    for (const resolve of this.#onceEmpty.splice(0)) resolve();
  }

  answeredLate(send: PendingSend): void {
    if (!this.#givenUp.delete(send)) return;
    this.#bytes -= send.bytes;
    this.#admitWaiting();
  }

  writtenAgain(): void {
    this.#resent += 1;
  }

  /** What callers had given up went with it. */
  #sessionOver(): void {
    this.#session = undefined;
    for (const { bytes } of this.#givenUp) this.#bytes -= bytes;
    this.#givenUp.clear();
  }

  #admitWaiting(): void {
    for (let next = this.#waiting.peek(); next && this.#hasRoom(next); next = this.#waiting.peek()) {
      this.#waiting.shift();
      this.#admit(next);
    }
  }

  #hasRoom({ bytes }: PendingSend): boolean {
    const { maxPendingSends, maxPendingBytes } = this.#settings;
    const count = this.#admitted.size + this.#givenUp.size;
    return count < maxPendingSends && this.#bytes + bytes <= maxPendingBytes;
  }

  #admit(send: PendingSend): void {
    this.#admitted.add(send);
    this.#bytes += send.bytes;
    if (this.#session) send.giveTo(this.#session);
  }
}
