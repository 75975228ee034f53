/** How the tests run: "unit" is everything that needs no broker, "brokers" starts real ones. */
import { defineConfig } from "vitest/config";
import { detectWay } from "./test/brokers/real-group.ts";

const BROKERS = "test/brokers/**/*.test.ts";
/** The files that have the machine to themselves. */
const ALONE = ["failover", "raw-poller", "stomp-limits"].map((name) => `test/brokers/${name}.test.ts`);
const NETWORK = "test/network/**/*.test.ts";

/** Without Java or docker the rest still runs, and says what was left out; in CI that is a failure. */
async function brokersCanRun(): Promise<boolean> {
  try {
    await detectWay();
    return true;
  } catch (reason) {
    if (process.env["CI"]) throw reason;
    console.warn(`SKIPPED: the tests on real brokers. ${reason instanceof Error ? reason.message : reason}`);
    return false;
  }
}

const onBrokers = { pool: "forks" as const, testTimeout: 300_000, hookTimeout: 300_000 };

/** A pair of brokers is two Java machines, which wait most of the time: two pairs at once. */
const brokers = {
  test: {
    name: "brokers",
    include: [BROKERS],
    exclude: ALONE,
    maxWorkers: 2,
    sequence: { groupOrder: 1 },
    ...onBrokers,
  },
};

/** What compares times, or wants the machine's memory, has the machine to itself. */
const brokersAlone = {
  test: {
    name: "brokers-alone",
    include: ALONE,
    fileParallelism: false,
    sequence: { groupOrder: 2 },
    ...onBrokers,
  },
};

export default defineConfig({
  test: {
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.d.ts"],
      reporter: ["text-summary", "html"],
      // A little under what the whole run reaches.
      thresholds: { statements: 88, branches: 86, functions: 87, lines: 89 },
    },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [BROKERS, NETWORK],
          // Generous: it only detects what hangs.
          testTimeout: 30_000,
        },
      },
      ...((await brokersCanRun()) ? [brokers, brokersAlone] : []),
    ],
  },
});
