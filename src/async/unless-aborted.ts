/** A wait that ends early when a signal fires. */
import { onAbort } from "./on-abort.ts";

/** Settles as the promise does, or rejects with the signal's reason if the signal fires first. */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(onAbort(signal, abort));
  });
}
