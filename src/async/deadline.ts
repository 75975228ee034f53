/** A call's signal and timeout as one signal, which leaves no timer and no listener behind. */
import { AbortError, type MasterSlaveError } from "../errors/errors.ts";
import { onAbort } from "./on-abort.ts";
import { startTimer } from "./timer.ts";

/** A wait with an end. */
export interface WaitOptions {
  /** How long to wait at most, ms; without end unless said. */
  readonly timeoutMs?: number | undefined;
  /** Gives the wait up when it fires; the call rejects with `ABORTED` then. */
  readonly signal?: AbortSignal | undefined;
}

export interface Deadline {
  readonly signal: AbortSignal;
  /** Fires it now. */
  end(reason: MasterSlaveError): void;
  /** Call it when the work is over. */
  release(): void;
}

/** The reason is what `timedOut` makes when `timeoutMs` passes first, an AbortError saying `what` when `signal` fires. */
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
