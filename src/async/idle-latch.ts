/** Who waits for the last of something to be over. */
import { onAbort } from "./on-abort.ts";

export class IdleLatch {
  readonly #waiting = new Set<() => void>();

  /** Resolves when `tell()` is called, or `signal` fires; at once when there is nothing to wait for. */
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

  /** It is empty now. */
  tell(): void {
    for (const done of [...this.#waiting]) done();
  }
}
