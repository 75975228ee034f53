/**
 * The sends that were written by themselves while others may gather behind them, and which of them the broker holds
 * back.
 */

/** Brokers are silent for shorter times when they sync their disks. */
const HELD_AFTER_MS = 1_000;

export class UngroupedSends {
  readonly #onHeld: () => void;
  #latest: { readonly atMs: number } | undefined;
  #held = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onHeld` is called when sends that wait() need not wait any longer. */
  constructor(onHeld: () => void) {
    this.#onHeld = onHeld;
  }

  /** Whether one is unanswered, but not for so long that it counts as held. */
  get busy(): boolean {
    this.#look();
    return this.#latest !== undefined;
  }

  /**
   * Whether the broker has no room for one: Classic answers sends to a full destination only when there is room again.
   */
  get held(): boolean {
    this.#look();
    return this.#held > 0;
  }

  /** Notes a send that is written while none is busy. Call the returned function once, when the send is answered. */
  add(): () => void {
    const single = { atMs: performance.now() };
    this.#latest = single;
    return () => {
      if (this.#latest === single) this.#latest = undefined;
      else this.#held -= 1;
      this.stopWaiting();
    };
  }

  /** Makes further sends gather until the busy one is answered or counts as held. */
  wait(): void {
    if (this.#latest === undefined) return;
    const leftMs = this.#latest.atMs + HELD_AFTER_MS - performance.now();
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onHeld();
    }, Math.ceil(leftMs) + 1);
  }

  stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#latest === undefined || performance.now() - this.#latest.atMs < HELD_AFTER_MS) return;
    this.#latest = undefined;
    this.#held += 1;
  }
}
