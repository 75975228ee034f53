/** Keeps a window of sends full for a given time. */
import type { SendTerms } from "./bench-peer.ts";

/** Reading the clock takes time, so it is read only once in a while; with a window of 1, every latency is taken. */
const LOOK_EVERY = 16;

export interface SendSpan {
  readonly confirmed: number;
  /** The latencies with a window of 1, in the order of the sends. */
  readonly latenciesMs: readonly number[];
}

/** Resolves when the time is over and every send is confirmed. */
export function sendLoop(send: (done: () => void) => void, { window, ms }: SendTerms): Promise<SendSpan> {
  return new Promise((resolve) => {
    const latenciesMs: number[] = [];
    const end = performance.now() + ms;
    const alone = window === 1;
    let [confirmed, inFlight, over, sentAt] = [0, 0, false, 0];
    const sendOne = (): void => {
      inFlight += 1;
      if (alone) sentAt = performance.now();
      send(done);
    };
    const done = (): void => {
      inFlight -= 1;
      confirmed += 1;
      if (alone) latenciesMs.push(performance.now() - sentAt);
      if (alone || confirmed % LOOK_EVERY === 0) over ||= performance.now() >= end;
      if (!over) sendOne();
      else if (inFlight === 0) resolve({ confirmed, latenciesMs });
    };
    for (let n = 0; n < window; n += 1) sendOne();
  });
}
