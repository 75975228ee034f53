/** A program beside the soak's clients: by bare sockets, each try a connection of its own, it finds out when the service was there. */
import { type PollSettings, pollFirstConfirmation } from "../brokers/raw-poller.ts";
import { serveCalls } from "../network/lab/serve-calls.ts";
import { now } from "../network/lab/shared-clock.ts";

type PollerSettings = Omit<PollSettings, "signal" | "endpoint" | "everyMs"> & {
  readonly endpoints: readonly PollSettings["endpoint"][];
};

const EVERY_MS = 100;
const TRY_MS = 1_500;
let timer: NodeJS.Timeout | undefined;
let confirmedAtMs: number[] = [];

const operations = {
  start({ endpoints, ...settings }: PollerSettings): void {
    const ask = (endpoint: PollSettings["endpoint"]) =>
      pollFirstConfirmation({ ...settings, endpoint, everyMs: 10 * TRY_MS, signal: AbortSignal.timeout(TRY_MS) }).then(
        () => confirmedAtMs.push(now()),
        () => {},
      );
    timer = setInterval(() => endpoints.forEach((endpoint) => void ask(endpoint)), EVERY_MS);
  },

  /** When tries were confirmed since the last call, by the clock that every process reads. */
  take(): readonly number[] {
    const taken = confirmedAtMs.sort((a, b) => a - b);
    // The last one is the beginning of the next gap.
    confirmedAtMs = taken.slice(-1);
    return taken;
  },

  stop(): void {
    clearInterval(timer);
  },
};
export type PollerOperations = typeof operations;

serveCalls(operations);
