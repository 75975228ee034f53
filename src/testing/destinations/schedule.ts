/** Messages that wait for their delivery time. */
import type { StoredMessage } from "../store/stored-message.ts";

/** Node's timers take no longer delay. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export class Schedule {
  readonly #onDue: (message: StoredMessage) => void;
  /** Sorted by delivery time, the last one first. */
  readonly #waiting: StoredMessage[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(onDue: (message: StoredMessage) => void) {
    this.#onDue = onDue;
  }

  add(message: StoredMessage): void {
    const at = this.#waiting.findLastIndex((one) => timeOf(one) > timeOf(message));
    this.#waiting.splice(at + 1, 0, message);
    this.#run();
  }

  #run(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    for (;;) {
      const next = this.#waiting.at(-1);
      if (next === undefined) return;
      const waitMs = timeOf(next) - Date.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.#run(), Math.min(waitMs, MAX_TIMER_MS));
        return;
      }
      this.#waiting.pop();
      this.#onDue(next);
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }
}

function timeOf({ deliverAtMs }: StoredMessage): number {
  return deliverAtMs ?? 0;
}
