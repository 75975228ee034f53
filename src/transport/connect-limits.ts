/** What ends the search for the first session before it has found one: the caller's signal, and his time. */
import { onAbort } from "../async/on-abort.ts";
import { LONGEST_TIMER_MS } from "../async/timer-limit.ts";
import { AbortError, type AttemptError, ConnectTimeoutError, type MasterSlaveError } from "../errors/errors.ts";
import type { ConnectLimits } from "./transport-options.ts";

export interface LimitHooks {
  /** Called at most once for each limit. */
  readonly fail: (failure: MasterSlaveError) => void;
  /** What each endpoint answered last. */
  readonly answers: () => readonly AttemptError[];
}

/** Watches both limits; returns what forgets them. */
export function limitConnect({ signal, connectTimeoutMs }: ConnectLimits, { fail, answers }: LimitHooks): () => void {
  const forget = signal && onAbort(signal, () => fail(new AbortError("Connecting was aborted", signal.reason)));
  const onTimeout = () => {
    const text = `No endpoint became active within connectTimeoutMs=${connectTimeoutMs}:`;
    fail(new ConnectTimeoutError(text, answers()));
  };
  // 0 is none, as in the option table.
  const timer = connectTimeoutMs ? setTimeout(onTimeout, Math.min(connectTimeoutMs, LONGEST_TIMER_MS)) : undefined;
  return () => {
    clearTimeout(timer);
    forget?.();
  };
}
