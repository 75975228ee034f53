/** Reports that a program still waits for a session, rarely enough for the log of an outage that lasts a night. */
import { startTimer } from "../../async/timer.ts";

/** The pauses between reports in ms; the last one repeats. */
const PAUSES_MS = [1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const LONGEST_PAUSE_MS = 30_000;

/** Calls `tell` after 1, 2, 4, 8, 16 and 32 s, then every 30 s, until the returned function is called. */
export function tellWhileWaiting(tell: (waitedMs: number) => void): () => void {
  const startedAtMs = performance.now();
  let times = 0;
  let stop = () => {};
  const wait = () => {
    stop = startTimer(PAUSES_MS[times] ?? LONGEST_PAUSE_MS, () => {
      times += 1;
      // Set the next timer first, because `tell` may end the waiting.
      wait();
      tell(performance.now() - startedAtMs);
    });
  };
  wait();
  return () => stop();
}
