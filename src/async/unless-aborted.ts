/** A wait that ends with a signal. */
import { onAbort } from "./on-abort.ts";

/** The promise's outcome, unless the signal fires first: then its reason. */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    promise.then(resolve, reject).finally(onAbort(signal, abort));
  });
}
