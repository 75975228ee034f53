/**
 * Every send that is not confirmed, in the order of the calls, limited by count and bytes. It outlives sessions: what
 * one left unanswered, the next one gets first.
 */

import { FifoQueue } from "../../async/fifo-queue.ts";
import { IdleLatch } from "../../async/idle-latch.ts";
import { timeOfDay } from "../../async/time-of-day.ts";
import {
  type EndpointAddress,
  type MasterSlaveError,
  MessageTooLargeError,
  NotConnectedError,
  SendOverflowError,
} from "../../errors/errors.ts";
import type { Destination } from "../messages/destination.ts";
import type { DestinationFigures } from "../messages/destination-figures.ts";
import type { OutgoingMessage } from "../messages/outgoing-message.ts";
import type { Suspect } from "../port/suspect.ts";
import { DeferredSends } from "./deferred-sends.ts";
import { PendingSend, type SendOwner } from "./pending-send.ts";
import type { SendLimits, SendPolicy, SendResult } from "./send-policy.ts";
import { type SendBounds, SendRoom } from "./send-room.ts";
import type { SendRoute, SendTarget } from "./send-route.ts";
import { type SendCounts, SendTally } from "./send-tally.ts";

export interface PendingSendsSettings extends SendPolicy, SendBounds {
  /** What to do with a send beyond these limits. */
  readonly overflow: "wait" | "reject";
}

/** The figures of the sends of one connection. */
export interface PendingSendsStats extends SendCounts {
  /**
   * Sends within the limits that the broker has not answered yet, including those whose callers gave up after the
   * write.
   */
  readonly pendingSends: number;
  /** The size of the pending sends, in bytes of body and properties. */
  readonly pendingBytes: number;
  /** Sends that wait for room. */
  readonly waitingSends: number;
  /** Sends that a full broker has refused and that wait to be sent again (`whenFull: "hold"`). */
  readonly deferredSends: number;
  /**
   * For how long the broker has answered none of the sends that it was given, in ms; 0 if less than a second. A long
   * time means that it is out of memory or disk space, or does not read this connection.
   */
  readonly blockedMs: number;
  /** Since when the broker has answered none of them; undefined while `blockedMs` is 0. */
  readonly blockedSince: Date | undefined;
}

/** Brokers are silent for shorter times when they sync their disks. */
const BLOCKED_AFTER_MS = 1_000;

export class PendingSends implements SendOwner {
  readonly #settings: PendingSendsSettings;
  readonly #route: SendRoute;
  readonly #room: SendRoom;
  /** Sends that wait for room: they use no memory beyond what their callers keep anyway. */
  readonly #waiting = new FifoQueue<PendingSend>(({ abandoned }) => abandoned);
  readonly #deferred = new DeferredSends((send) => {
    const { target } = this.#route;
    if (target && !send.expire()) send.giveTo(target);
  });
  readonly #tally: SendTally;
  /** Since when no send was answered. */
  #silentSinceMs = 0;
  readonly #onceEmpty = new IdleLatch();

  /** `figures`: where sends are also counted by destination; sends in a transaction are not. */
  constructor(settings: PendingSendsSettings, route: SendRoute, figures?: DestinationFigures) {
    this.#settings = settings;
    this.#tally = new SendTally(figures);
    this.#route = route;
    this.#room = new SendRoom(settings);
  }

  /** Where confirmations come from. */
  get endpoint(): EndpointAddress | undefined {
    return this.#route.endpoint;
  }

  get stats(): PendingSendsStats {
    const blockedMs = this.#blockedMs;
    return {
      pendingSends: this.#room.size,
      pendingBytes: this.#room.bytes,
      waitingSends: this.#waiting.size,
      deferredSends: this.#deferred.size,
      blockedMs,
      blockedSince: blockedMs === 0 ? undefined : timeOfDay(this.#silentSinceMs),
      ...this.#tally.counts,
    };
  }

  /** Resolves when a broker has confirmed the send; see Connection.send. `policy` is the connection's by default. */
  add(
    destination: Destination,
    message: OutgoingMessage,
    limits: SendLimits,
    policy: SendPolicy = this.#settings,
  ): Promise<SendResult> {
    return new Promise((resolve, reject) => {
      const send = new PendingSend({ destination, message, policy, owner: this, resolve, reject });
      const hasRoom = this.#waiting.size === 0 && this.#room.isFor(send.bytes);
      const refusal = this.#refusal(send, hasRoom);
      this.#tally.asked(destination);
      if (refusal) {
        this.#tally.over(destination, false);
        reject(refusal);
        return;
      }
      send.limit(limits);
      if (hasRoom) this.#admit(send);
      else this.#waiting.push(send);
    });
  }

  /** Sends during which several sessions ended: each must be answered alone before the rest goes on. */
  suspects(poisonAfter: number): Suspect[] {
    return [...this.#room.admitted].filter(({ deaths }) => deaths >= poisonAfter);
  }

  /** How many sends of earlier sessions are to be sent again. */
  get inDoubtCount(): number {
    let count = 0;
    for (const send of this.#room.admitted) if (send.inDoubt && !send.unanswered) count += 1;
    return count;
  }

  /**
   * Gives all held sends to the session, in order, including those added while it does so. Later sends go through the
   * route.
   */
  resume(session: SendTarget): void {
    this.#silentSinceMs = performance.now();
    // When a send fails at once, a waiting one takes its place; this iteration reaches that one too, so it is not sent
    // twice.
    for (const send of this.#room.admitted) {
      if (!send.unanswered && !this.#deferred.has(send) && !send.expire()) this.#giveTo(session, send);
    }
    this.#deferred.resume();
  }

  /** The session ended: what it left unanswered is held again, or fails if its policy says so. */
  interrupt(cause: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#waiting.live(), ...this.#room.admitted]) {
      const { inDoubt, whenInterrupted } = send.policy;
      const unanswered = send.interrupted();
      // The time to live was not watched while the send was written.
      if (unanswered && inDoubt === "fail") send.failInDoubt(cause);
      else if (!send.inDoubt && whenInterrupted === "reject") send.failNotConnected();
      else send.expire();
    }
    this.#admitWaiting();
  }

  /** Rejects all remaining sends: the written ones as in doubt, the others with `error`. */
  abandon(error: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#waiting.drain(), ...this.#room.admitted]) {
      if (send.inDoubt) send.failInDoubt(error);
      else send.fail(error);
    }
  }

  /** Rejects all remaining sends with `error`, written or not. */
  fail(error: MasterSlaveError): void {
    this.#sessionOver();
    for (const send of [...this.#waiting.drain(), ...this.#room.admitted]) send.fail(error);
  }

  /** Resolves when no caller waits for an answer, or when `signal` fires. */
  empty(signal: AbortSignal): Promise<void> {
    return this.#onceEmpty.wait(this.#room.admittedCount + this.#waiting.size === 0, signal);
  }

  sendOver(send: PendingSend, confirmed: boolean): void {
    this.#tally.over(send.destination, confirmed);
    this.#heard();
    this.#deferred.over(send, confirmed);
    if (!this.#room.leave(send)) this.#waiting.noteLeft();
    this.#admitWaiting();
    if (this.#room.admittedCount + this.#waiting.size === 0) this.#onceEmpty.tell();
  }

  answeredLate(send: PendingSend): void {
    if (!this.#room.answered(send)) return;
    this.#heard();
    this.#admitWaiting();
  }

  writtenAgain(): void {
    this.#tally.writtenAgain();
  }

  deferred(send: PendingSend): void {
    this.#heard();
    // Sends made in the meantime go before it, on the next session too.
    this.#room.moveToEnd(send);
    this.#deferred.add(send);
  }

  /** Returns the error for a send that cannot be accepted at all. */
  #refusal({ bytes, message: { id }, policy }: PendingSend, hasRoom: boolean): MasterSlaveError | undefined {
    const { maxPendingSends, maxPendingBytes, overflow } = this.#settings;
    if (bytes > maxPendingBytes) {
      const text = `The message of ${bytes} bytes is larger than maxPendingBytes=${maxPendingBytes}`;
      return new MessageTooLargeError(text, { id });
    }
    if (policy.whenInterrupted === "reject" && !this.#route.connected) {
      const text = `The message ${id} was not sent: there is no session at the moment, and whenInterrupted is reject`;
      return new NotConnectedError(text, { id });
    }
    if (hasRoom || overflow === "wait") return undefined;
    const text = `The message ${id} was not sent: maxPendingSends=${maxPendingSends} or maxPendingBytes=${maxPendingBytes} is reached, and overflow is reject`;
    return new SendOverflowError(text, { id });
  }

  get #blockedMs(): number {
    if (this.#route.target === undefined || this.#room.admittedCount === 0) return 0;
    const silentMs = performance.now() - this.#silentSinceMs;
    return silentMs < BLOCKED_AFTER_MS ? 0 : Math.round(silentMs);
  }

  #heard(): void {
    this.#silentSinceMs = performance.now();
  }

  #sessionOver(): void {
    this.#deferred.interrupt();
    this.#room.forgetGivenUp();
  }

  #admitWaiting(): void {
    for (let next = this.#waiting.peek(); next && this.#room.isFor(next.bytes); next = this.#waiting.peek()) {
      this.#waiting.shift();
      this.#admit(next);
    }
  }

  #admit(send: PendingSend): void {
    if (this.#room.admittedCount === 0) this.#heard();
    this.#room.admit(send);
    const { target } = this.#route;
    if (target) this.#giveTo(target, send);
  }

  #giveTo(session: SendTarget, send: PendingSend): void {
    if (!this.#deferred.keepBack(send)) send.giveTo(session);
  }
}
