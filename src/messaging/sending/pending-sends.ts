/**
 * Every send that is not confirmed, in the order of the calls, bounded by count and bytes. It outlives sessions: what
 * one left unanswered the next one gets first.
 */

import { FifoQueue } from "../../async/fifo-queue.ts";
import { IdleLatch } from "../../async/idle-latch.ts";
import { LinkedSet } from "../../async/linked-set.ts";
import {
  type EndpointAddress,
  type MasterSlaveError,
  MessageTooLargeError,
  NotConnectedError,
  SendOverflowError,
} from "../../errors/errors.ts";
import type { Destination } from "../messages/destination.ts";
import type { OutgoingMessage } from "../messages/outgoing-message.ts";
import type { Suspect } from "../port/suspect.ts";
import { DeferredSends } from "./deferred-sends.ts";
import { PendingSend, type SendOwner } from "./pending-send.ts";
import type { SendLimits, SendPolicy, SendResult, SendTarget } from "./send-policy.ts";

export interface PendingSendsSettings extends SendPolicy {
  readonly maxPendingSends: number;
  readonly maxPendingBytes: number;
  /** What becomes of a send past these bounds. */
  readonly overflow: "wait" | "reject";
}

/** The figures of the sends of one connection. */
export interface PendingSendsStats {
  /** Sends within the bounds that the broker has not answered yet, and what they weigh; also those whose callers gave up after they were written. */
  readonly pendingSends: number;
  /** What the pending sends weigh, in bytes of body and properties. */
  readonly pendingBytes: number;
  /** Sends that wait for room. */
  readonly waitingSends: number;
  /** Sends a full broker has refused, which wait to be sent again (`whenFull: "hold"`). */
  readonly deferredSends: number;
  /** For how long the broker has answered none of the sends it was given, ms; 0 below a second. Then it is out of memory or room, or does not read this connection. */
  readonly blockedMs: number;
  /** Sends that the broker has confirmed. */
  readonly confirmed: number;
  /** Sends whose promise rejected. */
  readonly failed: number;
  /** Sends written again after a failover. */
  readonly resent: number;
}

/** Shorter silences are what brokers do when they sync their disks. */
const BLOCKED_AFTER_MS = 1_000;

export class PendingSends implements SendOwner {
  readonly #settings: PendingSendsSettings;
  /** Admitted sends: within the bounds, in order. */
  readonly #admitted = new LinkedSet<PendingSend>();
  /** Written sends whose callers gave up: until they are answered their bytes are with the session, and take room. */
  readonly #givenUp = new LinkedSet<PendingSend>();
  /** Sends that wait for room: they cost what their callers keep of them anyway. */
  readonly #waiting = new FifoQueue<PendingSend>(({ abandoned }) => abandoned);
  readonly #deferred = new DeferredSends((send) => {
    if (this.#session && !send.expire()) send.giveTo(this.#session);
  });
  readonly #counts = { confirmed: 0, failed: 0, resent: 0 };
  #bytes = 0;
  /** Since when nothing was answered. */
  #silentSinceMs = 0;
  #session: SendTarget | undefined;
  #endpoint: EndpointAddress | undefined;
  #connected = false;
  readonly #onceEmpty = new IdleLatch();

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
      deferredSends: this.#deferred.size,
      blockedMs: this.#blockedMs,
      ...this.#counts,
    };
  }

  /** Resolves when a broker has confirmed it; see Connection.send. `policy`: the connection's unless said. */
  add(
    destination: Destination,
    message: OutgoingMessage,
    limits: SendLimits,
    policy: SendPolicy = this.#settings,
  ): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const send = new PendingSend({ destination, message, policy, owner: this, resolve, reject });
      const hasRoom = this.#waiting.size === 0 && this.#hasRoom(send);
      const refusal = this.#refusal(send, hasRoom);
      if (refusal) {
        this.#counts.failed += 1;
        reject(refusal);
        return;
      }
      send.limit(limits);
      if (hasRoom) this.#admit(send);
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
    this.#connected = true;
  }

  /** How many sends of earlier sessions are to be sent again. */
  get inDoubtCount(): number {
    let count = 0;
    for (const send of this.#admitted) if (send.inDoubt && !send.unanswered) count += 1;
    return count;
  }

  /** Hands everything held to the session, in order; what is added from now on follows at once. */
  resume(session: SendTarget): void {
    this.#silentSinceMs = performance.now();
    // A send that fails at once lets a waiting one in: the iteration reaches it too, so it is not sent twice.
    for (const send of this.#admitted) {
      if (!send.unanswered && !this.#deferred.has(send) && !send.expire()) this.#giveTo(session, send);
    }
    this.#session = session;
    this.#deferred.resume();
  }

  /** The session ended: what it left unanswered is held again, or fails if that is its policy. */
  interrupt(cause: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#waiting.live(), ...this.#admitted]) {
      const { inDoubt, whenInterrupted } = send.policy;
      const unanswered = send.interrupted();
      // Nobody watched its time to live while it was written.
      if (unanswered && inDoubt === "fail") send.failInDoubt(cause);
      else if (!send.inDoubt && whenInterrupted === "reject") send.failNotConnected();
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

  /** Rejects whatever is left with `error`: written or not makes no difference. */
  fail(error: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#waiting.drain(), ...this.#admitted]) send.fail(error);
  }

  /** Resolves when no caller waits for an answer, or `signal` fires. */
  empty(signal: AbortSignal): Promise<void> {
    return this.#onceEmpty.wait(this.#admitted.size + this.#waiting.size === 0, signal);
  }

  sendOver(send: PendingSend, confirmed: boolean): void {
    this.#counts[confirmed ? "confirmed" : "failed"] += 1;
    this.#heard();
    this.#deferred.over(send, confirmed);
    if (!this.#admitted.delete(send)) this.#waiting.noteLeft();
    else if (send.unanswered) this.#givenUp.add(send);
    else this.#bytes -= send.bytes;
    this.#admitWaiting();
    if (this.#admitted.size + this.#waiting.size === 0) this.#onceEmpty.tell();
  }

  answeredLate(send: PendingSend): void {
    if (!this.#givenUp.delete(send)) return;
    this.#heard();
    this.#bytes -= send.bytes;
    this.#admitWaiting();
  }

  writtenAgain(): void {
    this.#counts.resent += 1;
  }

  deferred(send: PendingSend): void {
    this.#heard();
    // What is sent meanwhile goes before it, on the next session too.
    this.#admitted.delete(send);
    this.#admitted.add(send);
    this.#deferred.add(send);
  }

  /** Why a send is not taken at all. */
  #refusal({ bytes, message: { id }, policy }: PendingSend, hasRoom: boolean): MasterSlaveError | undefined {
    const { maxPendingSends, maxPendingBytes, overflow } = this.#settings;
    if (bytes > maxPendingBytes) {
      const text = `The message of ${bytes} bytes is larger than maxPendingBytes=${maxPendingBytes}`;
      return new MessageTooLargeError(text, { id });
    }
    if (policy.whenInterrupted === "reject" && !this.#connected) {
      const text = `The message ${id} was not sent: there is no session at the moment, and whenInterrupted is reject`;
      return new NotConnectedError(text, { id });
    }
    if (hasRoom || overflow === "wait") return undefined;
    const text = `The message ${id} was not sent: maxPendingSends=${maxPendingSends} or maxPendingBytes=${maxPendingBytes} is reached, and overflow is reject`;
    return new SendOverflowError(text, { id });
  }

  get #blockedMs(): number {
    if (this.#session === undefined || this.#admitted.size === 0) return 0;
    const silentMs = performance.now() - this.#silentSinceMs;
    return silentMs < BLOCKED_AFTER_MS ? 0 : Math.round(silentMs);
  }

  #heard(): void {
    this.#silentSinceMs = performance.now();
  }

  /** What callers had given up went with it. */
  #sessionOver(): void {
    this.#session = undefined;
    this.#connected = false;
    this.#deferred.interrupt();
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
    if (this.#admitted.size === 0) this.#heard();
    this.#admitted.add(send);
    this.#bytes += send.bytes;
    if (this.#session) this.#giveTo(this.#session, send);
  }

  #giveTo(session: SendTarget, send: PendingSend): void {
    if (!this.#deferred.keepBack(send)) send.giveTo(session);
  }
}
