/**
 * How the tests run: "unit" is what needs no broker, "smoke" a first look at each real one, "long" what needs no broker but
 * minutes, "brokers" everything about real ones, "network" puts them into a network of our own. `npm test` is the first two,
 * `npm run test:rest` the others, `npm run test:all` all of it.
 */
import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { detectWay } from "./test/brokers/real-group.ts";
import { detectNetwork } from "./test/network/lab/network-way.ts";

const BROKERS = "test/brokers/**/*.test.ts";
/** The files that have the machine to themselves. */
const ALONE = ["failover", "raw-poller", "stomp-limits"].map((name) => `test/brokers/${name}.test.ts`);
const NETWORK = "test/network/**/*.test.ts";
const SMOKE = "test/smoke/*.test.ts";
/** Thousands of random programs, failovers, rounds and clients, mutated conversations, every hostile peer: a core for long. */
const LONG = [
  ...["fuzz/fuzz", "scenarios/activemq/connecting", "scenarios/fleet", "scenarios/hostile/matrix"],
  ...["scenarios/many-failovers", "scenarios/model/model"],
].map((name) => `test/${name}.test.ts`);
/** Most tests wait for a socket or a timer most of their time: one more at once than there are cores. Not many: timers come late. */
const WORKERS = availableParallelism() + 1;

/** Without Java or docker, or without namespaces, the rest still runs, and says what was left out; in CI that is a failure. */
async function canRun(what: string, detect: () => Promise<unknown>): Promise<boolean> {
  try {
    await detect();
    return true;
  } catch (reason) {
    if (process.env["CI"]) throw reason;
    console.warn(`SKIPPED: ${what}. ${reason instanceof Error ? reason.message : reason}`);
    return false;
  }
}

/** Inert unless SECRETS_DIRECTORY is set: see scripts/check-secrets.ts. */
const setupFiles = ["test/support/secrets/record-emitted.ts"];
const patient = { setupFiles, pool: "forks" as const, testTimeout: 300_000, hookTimeout: 300_000 };

/** A pair of brokers is two Java machines, which wait most of the time: two pairs at once. */
const brokers = {
  test: {
    name: "brokers",
    include: [BROKERS],
    exclude: ALONE,
    maxWorkers: 2,
    sequence: { groupOrder: 1 },
    ...patient,
  },
};

/** What compares times, or wants the machine's memory, has the machine to itself. */
const brokersAlone = {
  test: {
    name: "brokers-alone",
    include: ALONE,
    fileParallelism: false,
    sequence: { groupOrder: 2 },
    ...patient,
  },
};

const unit = {
  test: {
    name: "unit",
    setupFiles,
    include: ["test/**/*.test.ts"],
    exclude: [BROKERS, NETWORK, SMOKE, ...LONG],
    maxWorkers: WORKERS,
    // Generous: it only detects what hangs.
    testTimeout: 30_000,
  },
};
const long = { test: { ...unit.test, name: "long", include: LONG, exclude: [] } };
/** Beside the unit tests, with as many workers: projects of one turn share them. */
const smoke = { test: { name: "smoke", include: [SMOKE], maxWorkers: WORKERS, ...patient } };
const network = { test: { ...brokersAlone.test, name: "network", include: [NETWORK] } };
const onBrokers = await canRun("the tests on real brokers", detectWay);
const inNetworks = onBrokers && (await canRun("the tests in a network of our own", detectNetwork));

export default defineConfig({
  test: {
    globalSetup: ["test/support/tell-other-tests.ts"],
    coverage: {
      provider: "v8",
      include: ["src/**/*.ts"],
      exclude: ["src/**/*.d.ts"],
      reporter: ["text-summary", "html"],
      // A little under what the whole run reaches; a part of it is not held to that.
      ...(process.env["PART_OF_THE_TESTS"]
        ? {}
        : { thresholds: { statements: 88, branches: 86, functions: 87, lines: 89 } }),
    },
    projects: [unit, long, ...(onBrokers ? [smoke, brokers, brokersAlone] : []), ...(inNetworks ? [network] : [])],
  },
});
