/**
 * Decides which attempt may speak: connected attempts send their first protocol byte one after the other, so that two
 * members are not asked for a session at once unless the first stays silent.
 */
export class SpeakingTurns {
  readonly #staggerMs: number;
  /** The attempts that have spoken and not answered yet, with the time when they spoke. */
  readonly #spoken = new Map<object, number>();
  readonly #waiting = new Map<object, () => void>();
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(staggerMs: number) {
    this.#staggerMs = staggerMs;
  }

  /** Resolves when `attempt` may speak: when all that spoke before have answered or been silent for a stagger. */
  take(attempt: object): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(attempt, resolve);
      this.#advance();
    });
  }

  /** Whether `attempt` has had its turn and has not left. */
  hasSpoken(attempt: object): boolean {
    return this.#spoken.has(attempt);
  }

  /** `attempt` has answered or is given up: it no longer waits or delays others. Its pending `take` never resolves. */
  leave(attempt: object): void {
    this.#waiting.delete(attempt);
    this.#spoken.delete(attempt);
    this.#advance();
  }

  /** The search is decided: no attempt may speak any more, and no pending `take` resolves. */
  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  #advance(): void {
    clearTimeout(this.#timer);
    const [first] = this.#waiting;
    if (!first || this.#over) return;
    const [attempt, speak] = first;
    const now = performance.now();
    const freeAt = Math.max(0, ...this.#spoken.values()) + (this.#spoken.size > 0 ? this.#staggerMs : 0);
    if (freeAt > now) {
      this.#timer = setTimeout(() => this.#advance(), Math.ceil(freeAt - now));
      return;
    }
    this.#waiting.delete(attempt);
    this.#spoken.set(attempt, now);
    speak();
    this.#advance();
  }
}
