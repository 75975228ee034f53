/** Watches what may end a send before the broker answers: its timeout, its signal, and its message's time to live. */
import { onAbort } from "../../async/on-abort.ts";
import { startTimer } from "../../async/timer.ts";
import { type OutgoingMessage, timeLeftMs } from "../messages/outgoing-message.ts";
import type { SendLimits } from "./send-policy.ts";

export interface SendWatchEvents {
  timedOut(timeoutMs: number): void;
  aborted(reason: unknown): void;
  /** The message's time to live has run out. */
  expired(): void;
}

export class SendWatch {
  readonly #message: OutgoingMessage;
  readonly #events: SendWatchEvents;
  readonly #stopTimeout: (() => void) | undefined;
  readonly #stopListening: (() => void) | undefined;
  #stopExpiry: (() => void) | undefined;

  constructor(message: OutgoingMessage, { timeoutMs, signal }: SendLimits, events: SendWatchEvents) {
    this.#message = message;
    this.#events = events;
    if (timeoutMs !== undefined) this.#stopTimeout = startTimer(timeoutMs, () => events.timedOut(timeoutMs));
    if (signal !== undefined) this.#stopListening = onAbort(signal, () => events.aborted(signal.reason));
    this.watchExpiry();
  }

  /** Starts to watch the time to live. It is not watched while the message is written and unanswered. */
  watchExpiry(): void {
    this.#stopExpiry?.();
    const leftMs = timeLeftMs(this.#message);
    if (leftMs !== undefined) this.#stopExpiry = startTimer(Math.max(1, leftMs), () => this.#events.expired());
  }

  stop(): void {
    this.#stopTimeout?.();
    this.#stopExpiry?.();
    this.#stopListening?.();
  }
}

/** Whether there is anything to watch. */
export function isLimited({ ttlMs }: OutgoingMessage, { timeoutMs, signal }: SendLimits): boolean {
  return timeoutMs !== undefined || signal !== undefined || ttlMs !== undefined;
}
