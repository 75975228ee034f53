/** Shares one listener on a signal among many waits: Node warns of a leak from the eleventh listener on. */

/** The waits on one signal, and the one listener that serves them. */
class SignalWatch {
  readonly #signal: AbortSignal;
  readonly #acts = new Set<() => void>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#fire, { once: true });
  }

  add(act: () => void): () => void {
    const entry = () => act();
    this.#acts.add(entry);
    return () => {
      if (!this.#acts.delete(entry) || this.#acts.size > 0) return;
      this.#signal.removeEventListener("abort", this.#fire);
      if (watches.get(this.#signal) === this) watches.delete(this.#signal);
    };
  }

  readonly #fire = (): void => {
    watches.delete(this.#signal);
    for (const act of [...this.#acts]) if (this.#acts.delete(act)) act();
  };
}

const watches = new WeakMap<AbortSignal, SignalWatch>();

/**
 * Calls `act` once when `signal` fires. Returns a function that cancels this; when all are cancelled, the signal has no
 * listener of ours.
 */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  const watch = watches.get(signal) ?? new SignalWatch(signal);
  watches.set(signal, watch);
  return watch.add(act);
}
