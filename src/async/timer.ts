/** A timer for waits of any length: Node's own timers fire at once beyond 2^31-1 ms. */
import { onAbort } from "./on-abort.ts";
import { LONGEST_TIMER_MS } from "./timer-limit.ts";

/** Calls `act` once after `ms`; never for Infinity. Returns a function that cancels the timer. */
export function startTimer(ms: number, act: () => void): () => void {
  const until = performance.now() + ms;
  let timer: NodeJS.Timeout;
  const wait = (left: number) => {
    timer = setTimeout(look, Math.min(Math.ceil(left), LONGEST_TIMER_MS));
  };
  const look = () => {
    const left = until - performance.now();
    if (left > 0) wait(left);
    else act();
  };
  wait(ms);
  return () => clearTimeout(timer);
}

/** Resolves with true after `ms`, or with false as soon as `signal` fires. Never rejects. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return Promise.resolve(false);
  return new Promise((resolve) => {
    const stopTimer = startTimer(ms, () => {
      forget();
      resolve(true);
    });
    const forget = onAbort(signal, () => {
      stopTimer();
      resolve(false);
    });
  });
}

/** Resolves or rejects with the promise, or stops waiting for it after `ms`. */
export async function settledOr(ms: number, promise: Promise<void>): Promise<void> {
  let stopTimer = () => {};
  const late = new Promise<void>((resolve) => {
    stopTimer = startTimer(ms, resolve);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    stopTimer();
  }
}
