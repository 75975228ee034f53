/** What a fleet does to its brokers, by the policy the library runs; docs/fleet.md tells it in numbers. */
import { describe, expect, it } from "vitest";
import { ourSchedule, PEER_SCHEDULES, type Schedule } from "../../../bench/fleet/schedules.ts";
import { simulateOutage, simulateReturn } from "../../../bench/fleet/simulate-outage.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const CLIENTS = 5_000;
const TEN_MINUTES_MS = 600_000;
const DEFAULTS = ourSchedule("defaults", "");

function perSecond(schedule: Schedule): number[] {
  const fleet = { clients: CLIENTS, outageMs: TEN_MINUTES_MS, bucketMs: 1_000, random: seededRandom(3) };
  return [...simulateOutage(schedule, fleet)];
}

function back(schedule: Schedule, seconds: number, patienceMs: (attempt: number) => number, outageMs = 1_400) {
  const fleet = { clients: CLIENTS, outageMs, acceptsPerSecond: CLIENTS / seconds, horizonMs: 1_200_000 };
  return simulateReturn(schedule, { ...fleet, patienceMs, random: seededRandom(4) });
}

/** As transport/search/search.ts has it, with the default attemptTimeout. */
const patient = (attempt: number) => 15_000 * Math.min(2 ** attempt, 8);
const most = (values: readonly number[]) => Math.max(...values);
const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;

describe("a fleet during an outage of ten minutes", () => {
  it("has lost its step after two minutes: no second sees much more than the mean", () => {
    const later = perSecond(DEFAULTS).slice(120);
    expect(most(later)).toBeLessThan(1.5 * mean(later));
  });

  it.each(PEER_SCHEDULES)(
    "of $name clients stays in step: all dial in the same second, whenever they do",
    (schedule) => {
      const later = perSecond(schedule).slice(120);
      expect(most(later)).toBeGreaterThanOrEqual(CLIENTS);
    },
  );

  it.each([10_000, 60_000])(
    "dials no faster than its size by reconnectSpread=%i, from the first second on",
    (spread) => {
      const rate = (2 * CLIENTS) / (spread / 1_000);
      expect(most(perSecond(ourSchedule("spread", `reconnectSpread=${spread}`)))).toBeLessThan(1.8 * rate);
    },
  );

  it("of one finds whoever takes over within about a tenth of the outage", () => {
    for (let client = 0; client < 200; client += 1) {
      const waits = DEFAULTS.start(seededRandom(client));
      let at = waits.first;
      for (let wait = waits.next(); at + wait < 10_000; wait = waits.next()) {
        expect(wait).toBeLessThan(0.13 * at + 20);
        at += wait;
      }
    }
  });
});

describe("a fleet that comes back to a master that takes its time", () => {
  it.each([1_400, TEN_MINUTES_MS])(
    "needs one connect each when it is spread over that time, after an outage of %i ms",
    (outageMs) => {
      const found = back(ourSchedule("spread", "reconnectSpread=100000"), 100, patient, outageMs);
      expect(found.backMs).toHaveLength(CLIENTS);
      expect(found.connects).toBeLessThan(1.02 * CLIENTS);
      expect(found.backMs.at(-1)).toBeLessThan(1.25 * 100_000);
    },
  );

  it("gets through a queue several times as long as attemptTimeout only because patience grows", () => {
    expect(back(DEFAULTS, 60, patient).backMs).toHaveLength(CLIENTS);
    const starved = back(DEFAULTS, 60, () => 15_000);
    expect(starved.backMs.length).toBeLessThan(CLIENTS / 2);
    expect(starved.wasted).toBeGreaterThan(10 * CLIENTS);
  });
});
