/** The two limits on the search for the first session: the caller's signal and timeout. */
import { onAbort } from "../async/on-abort.ts";
import { startTimer } from "../async/timer.ts";
import { AbortError, type AttemptError, ConnectTimeoutError, type MasterSlaveError } from "../errors/errors.ts";
import type { ConnectLimits } from "./transport-options.ts";

export interface LimitHooks {
  /** Called at most once for each limit. */
  readonly fail: (failure: MasterSlaveError) => void;
  /** Returns the last answer of each endpoint. */
  readonly answers: () => readonly AttemptError[];
}

/** Watches both limits. Returns a function that stops watching. */
export function limitConnect({ signal, connectTimeoutMs }: ConnectLimits, { fail, answers }: LimitHooks): () => void {
  const forget = signal && onAbort(signal, () => fail(new AbortError("Connecting was aborted", signal.reason)));
  const onTimeout = () => {
    const text = `No endpoint became active within connectTimeoutMs=${connectTimeoutMs}:`;
    fail(new ConnectTimeoutError(text, answers()));
  };
  // 0 means no limit, as in the option table.
  const stopTimer = connectTimeoutMs ? startTimer(connectTimeoutMs, onTimeout) : undefined;
  return () => {
    stopTimer?.();
    forget?.();
  };
}
