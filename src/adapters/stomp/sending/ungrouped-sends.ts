/** The sends that were written by themselves while others may gather behind them, and which of them the broker holds back. */

/** Shorter silences are what brokers do when they sync their disks. */
const HELD_AFTER_MS = 1_000;

export class UngroupedSends {
  readonly #onHeld: () => void;
  #latest: { readonly atMs: number } | undefined;
  #held = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `onHeld`: those that wait() need not wait any longer. */
  constructor(onHeld: () => void) {
    this.#onHeld = onHeld;
  }

  /** Whether one is unanswered, but not so long that it is held. */
  get busy(): boolean {
    this.#look();
    return this.#latest !== undefined;
  }

  /** Whether the broker has no room for one: Classic answers the sends to a full destination when there is room again. */
  get held(): boolean {
    this.#look();
    return this.#held > 0;
  }

  /** One is written while none is busy. What it returns is to be called once, when that is answered. */
  add(): () => void {
    const single = { atMs: performance.now() };
    this.#latest = single;
    return () => {
      if (this.#latest === single) this.#latest = undefined;
      else this.#held -= 1;
      this.stopWaiting();
    };
  }

  /** Others gather until the busy one is answered, or is held. */
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
