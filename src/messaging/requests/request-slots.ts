/** Limits how many requests may wait for their replies at once, and queues those that wait for room. */
import { FifoQueue } from "../../async/fifo-queue.ts";
import { IdleLatch } from "../../async/idle-latch.ts";
import { onAbort } from "../../async/on-abort.ts";
import { type MasterSlaveError, SendOverflowError } from "../../errors/errors.ts";

export interface RequestSlotsSettings {
  readonly maxPendingSends: number;
  /** What to do with a request beyond that limit. */
  readonly overflow: "wait" | "reject";
}

interface Queued {
  readonly settle: (failure?: unknown) => void;
  waits: boolean;
}

export class RequestSlots {
  readonly #settings: RequestSlotsSettings;
  readonly #queued = new FifoQueue<Queued>(({ waits }) => !waits);
  readonly #onceIdle = new IdleLatch();
  #taken = 0;

  constructor(settings: RequestSlotsSettings) {
    this.#settings = settings;
  }

  /**
   * Takes a slot: returns undefined if one is free, otherwise a promise for when one becomes free. Rejects with the
   * reason of `signal` if that fires first, or with the error of end(). Throws SEND_OVERFLOW if none is free and
   * overflow is reject.
   */
  take(id: string, signal: AbortSignal): Promise<void> | undefined {
    const { maxPendingSends, overflow } = this.#settings;
    if (this.#taken < maxPendingSends && this.#queued.size === 0) {
      this.#taken += 1;
      return undefined;
    }
    if (overflow === "wait") return this.#wait(signal);
    const text = `The request ${id} was not sent: maxPendingSends=${maxPendingSends} requests wait for their replies, and overflow is reject`;
    throw new SendOverflowError(text, { id });
  }

  /** Returns a slot, to the request that has waited longest. */
  release(): void {
    const next = this.#queued.shift();
    if (next) {
      next.waits = false;
      next.settle();
    } else {
      this.#taken -= 1;
      this.#tellIdle();
    }
  }

  /** Resolves when no request has a slot or waits for one, or when `signal` fires. */
  idle(signal: AbortSignal): Promise<void> {
    return this.#onceIdle.wait(this.#taken + this.#queued.size === 0, signal);
  }

  /** Ends the slots: nobody gets one any more. */
  end(error: MasterSlaveError): void {
    for (const queued of this.#queued.drain()) {
      queued.waits = false;
      queued.settle(error);
    }
    this.#tellIdle();
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      let forget = () => {};
      const queued: Queued = {
        waits: true,
        settle: (failure) => {
          forget();
          if (failure === undefined) resolve();
          else reject(failure);
        },
      };
      this.#queued.push(queued);
      forget = onAbort(signal, () => {
        if (!queued.waits) return;
        queued.waits = false;
        this.#queued.noteLeft();
        queued.settle(signal.reason);
        this.#tellIdle();
      });
    });
  }

  #tellIdle(): void {
    if (this.#taken + this.#queued.size === 0) this.#onceIdle.tell();
  }
}
