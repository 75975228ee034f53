/** Workers that do one piece of work after the other until they are stopped. */
import { setTimeout as sleep } from "node:timers/promises";

/** Longer than any outage, and than the time limit of a request: what has not settled then never will. */
const STOP_TIMEOUT_MS = 90_000;
const STILL_MS = 20_000;

export class Lanes {
  readonly #done: Promise<unknown>;
  #running = true;

  /** Starts at once. `work` never rejects. */
  constructor({ lanes, pauseMs }: { readonly lanes: number; readonly pauseMs: number }, work: () => Promise<unknown>) {
    const lane = async () => {
      while (this.#running) {
        await work();
        await sleep(pauseMs);
      }
    };
    this.#done = Promise.all(Array.from({ length: lanes }, lane));
  }

  /** Resolves when all work has settled, or has had its time. */
  async stop(timeoutMs = STOP_TIMEOUT_MS): Promise<void> {
    this.#running = false;
    const timer = new AbortController();
    await Promise.race([this.#done, sleep(timeoutMs, undefined, { signal: timer.signal }).catch(() => {})]);
    timer.abort();
  }
}

/** Resolves when `condition` holds, or after `timeoutMs`; with whether it holds. */
export async function until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await sleep(20);
  }
  return true;
}

/** Resolves when `condition` holds, or when `progress` has stood still for so long that it never will; with whether it holds. */
export async function untilStill(
  condition: () => boolean,
  progress: () => number,
  stillMs = STILL_MS,
): Promise<boolean> {
  for (let before = progress(); ; before = progress()) {
    if (await until(condition, stillMs)) return true;
    // A slow broker is given its time; only one that does nothing is given up.
    if (progress() === before) return false;
  }
}
