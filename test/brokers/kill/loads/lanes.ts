/** Workers that each do one piece of work after another until they are stopped. */
import { setTimeout as sleep } from "node:timers/promises";

/** Longer than any outage and than the time limit of a request: work that is unsettled then will never settle. */
const STOP_TIMEOUT_MS = 90_000;
const STILL_MS = 20_000;

export class Lanes {
  readonly #done: Promise<unknown>;
  #running = true;

  /** Starts at once. `work` must never reject. */
  constructor({ lanes, pauseMs }: { readonly lanes: number; readonly pauseMs: number }, work: () => Promise<unknown>) {
    const lane = async () => {
      while (this.#running) {
        await work();
        await sleep(pauseMs);
      }
    };
    this.#done = Promise.all(Array.from({ length: lanes }, lane));
  }

  /** Resolves when all work has settled, or when its time is up. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    this.#running = false;
    const timer = new AbortController();
    await Promise.race([this.#done, sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }
}

/** Resolves with whether `condition` became true within `timeoutMs`. */
export async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Resolves with whether `condition` became true. Gives up when `progress` has not changed for a long time. */
export async function untilStill(
  condition: () => boolean,
  progress: () => number,
  stillMs = STILL_MS,
): Promise<boolean> {
  for (let before = progress(); ; before = progress()) {
    if (await until(condition, stillMs)) return true;
    // A slow broker gets more time; only one that makes no progress is given up.
    if (progress() === before) return false;
  }
}
