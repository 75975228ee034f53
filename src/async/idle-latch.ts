/** Lets callers wait until nothing is left of something, such as pending sends. */
import { onAbort } from "./on-abort.ts";

export class IdleLatch {
  readonly #waiting = new Set<() => void>();

  /** Resolves when `tell()` is called or `signal` fires, and at once when `isEmpty` is true. */
  async wait(isEmpty: boolean, signal: AbortSignal): Promise<void> {
    if (isEmpty || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#waiting.delete(done);
        forget();
        resolve();
      };
      this.#waiting.add(done);
      const forget = onAbort(signal, done);
    });
  }

  /** Releases everybody who waits: it is empty now. */
  tell(): void {
    for (const done of [...this.#waiting]) done();
  }
}
