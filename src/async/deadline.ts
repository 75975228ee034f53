/** Combines a call's `signal` and `timeoutMs` into one signal, and leaves no timer or listener behind. */
import { AbortError, type MasterSlaveError } from "../errors/errors.ts";
import { onAbort } from "./on-abort.ts";
import { startTimer } from "./timer.ts";

/** The limits of one wait: a timeout and a signal. */
export interface WaitOptions {
  /** The longest wait, in ms; no limit when left out. */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait when it fires; the call then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Fires the signal now, with `reason`. */
  end(reason: MasterSlaveError): void;
  /** Removes the timer and the listener; call it when the work is done. */
  release(): void;
}

/**
 * Starts a signal that fires when `timeoutMs` passes, with the error that `timedOut` makes, or when `signal` fires,
 * with an AbortError that names `what`.
 */
export function startDeadline(
  what: string,
  { timeoutMs, signal }: WaitOptions,
  timedOut: () => MasterSlaveError,
): Deadline {
  const controller = new AbortController();
  const stopTimer = timeoutMs === undefined ? () => {} : startTimer(timeoutMs, () => controller.abort(timedOut()));
  const pass = () => controller.abort(new AbortError(`${what} was aborted`, signal?.reason));
  let forget = () => {};
  if (signal?.aborted) pass();
  else if (signal) forget = onAbort(signal, pass);
  return {
    signal: controller.signal,
    end: (reason) => controller.abort(reason),
    release: () => {
      stopTimer();
      forget();
    },
  };
}
