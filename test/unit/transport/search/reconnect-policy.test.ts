/** Waits and counts over rounds and outages; no timer runs here. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ReconnectPolicy, type ReconnectSettings } from "../../../../src/transport/search/reconnect-policy.ts";

const DEFAULTS: ReconnectSettings = {
  initialReconnectDelay: 10,
  delayAfterLoss: 0,
  maxReconnectDelay: 30_000,
  backOffFactor: undefined,
  maxReconnectRounds: Number.POSITIVE_INFINITY,
  startupMaxRounds: Number.POSITIVE_INFINITY,
  minConnectTime: 5_000,
  reconnectSpread: 0,
  authRetryMs: 60_000,
};
const policy = (settings: Partial<ReconnectSettings> = {}) => new ReconnectPolicy({ ...DEFAULTS, ...settings });
const waits = (of: ReconnectPolicy, count: number) => Array.from({ length: count }, () => of.nextDelay());

/** Within the jitter of a tenth. */
function near(value: number, expected: number): void {
  expect(value).toBeGreaterThanOrEqual(expected * 0.9 - 0.001);
  expect(value).toBeLessThanOrEqual(expected * 1.1 + 0.001);
}

describe("the wait between rounds", () => {
  it("begins with initialReconnectDelay", () => {
    near(policy().nextDelay(), 10);
    near(policy({ initialReconnectDelay: 70 }).nextDelay(), 70);
  });

  it("is about a tenth of the outage until 10 s", () => {
    const from = policy();
    let outageMs = 0;
    for (let wait = from.nextDelay(); outageMs + wait < 9_000; wait = from.nextDelay()) {
      // A tenth, and the 10 ms it begins with; the jitter adds up on both sides.
      expect(wait).toBeLessThanOrEqual((outageMs * 0.1 + 10) * 1.25);
      expect(wait).toBeGreaterThanOrEqual((outageMs * 0.1 + 10) * 0.75);
      outageMs += wait;
    }
    expect(outageMs).toBeGreaterThan(5_000);
  });

  it("doubles after 10 s up to maxReconnectDelay, shortened by up to half, and stays there", () => {
    const longest = (random: number) => {
      const one = new ReconnectPolicy(DEFAULTS, () => random);
      return Array.from({ length: 80 }, () => one.nextDelay());
    };
    const [most, least] = [longest(1), longest(0)];
    const steep = most.findIndex((wait, index) => (most[index + 1] ?? 0) > 1.5 * wait);
    expect(most[steep]).toBeGreaterThan(800);
    for (let index = steep; (most[index + 1] ?? 0) < 25_000; index += 1)
      near(most[index + 1] ?? 0, 2 * (most[index] ?? 0));
    expect(most.at(-1)).toBe(30_000);
    expect(least.at(-1)).toBe(15_000);
  });

  it("is spread out at the longest: clients that lost their broker together do not stay together", () => {
    const all = Array.from({ length: 1_000 }, () => waits(policy(), 80).at(-1) ?? 0);
    const tenths = Array.from({ length: 10 }, (_, tenth) =>
      all.filter((wait) => Math.floor((wait - 15_000) / 1_500.001) === tenth),
    );
    for (const each of tenths) expect(each.length).toBeGreaterThan(50);
  });

  it("is about reconnectSpread at least, whatever maxReconnectDelay says, and no shorter once it is longer", () => {
    for (const wait of waits(policy({ reconnectSpread: 5_000 }), 2)) near(wait, 5_000);
    for (const wait of waits(policy({ reconnectSpread: 60_000 }), 50)) near(wait, 60_000);
    expect(Math.max(...waits(policy({ reconnectSpread: 5_000 }), 80))).toBeGreaterThan(20_000);
  });

  it("grows by the user's factor, and not at all with 1", () => {
    const [first = 0, second = 0, third = 0] = waits(policy({ backOffFactor: 2, initialReconnectDelay: 100 }), 3);
    near(first, 100);
    near(second, 200);
    near(third, 400);
    for (const wait of waits(policy({ backOffFactor: 1, initialReconnectDelay: 100 }), 50)) near(wait, 100);
  });

  it("is never longer than maxReconnectDelay, jitter and all", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.option(fc.double({ min: 1, max: 1000, noNaN: true }), { nil: undefined }),
        (initialReconnectDelay, maxReconnectDelay, backOffFactor) => {
          for (const wait of waits(policy({ initialReconnectDelay, maxReconnectDelay, backOffFactor }), 60)) {
            expect(wait).toBeGreaterThan(0);
            expect(wait).toBeLessThanOrEqual(maxReconnectDelay);
          }
        },
      ),
    );
  });

  it("differs from client to client", () => {
    expect(new Set(Array.from({ length: 20 }, () => policy().nextDelay())).size).toBeGreaterThan(10);
  });
});

describe("the memory across outages", () => {
  it("goes on in the same back-off after a session that was short and of no use", () => {
    const one = policy();
    waits(one, 20);
    const accepts = Array.from({ length: 20 }, () => one.sessionEnded(3, false));
    expect(accepts[0]).toBeGreaterThan(40);
    expect(accepts[19]).toBeGreaterThan((accepts[0] ?? 0) * 3);
  });

  it.each([
    { what: "was useful, however short", lastedMs: 1, useful: true },
    { what: "lasted minConnectTime", lastedMs: 5_000, useful: false },
  ])("begins anew after a session that $what", ({ lastedMs, useful }) => {
    const one = policy();
    waits(one, 40);
    expect(one.sessionEnded(lastedMs, useful)).toBe(0);
    near(one.nextDelay(), 10);
  });

  it("waits delayAfterLoss before the first round after a loss", () => {
    expect(policy({ delayAfterLoss: 500 }).sessionEnded(10_000, true)).toBe(500);
    expect(policy({ delayAfterLoss: 500 }).sessionEnded(1, false)).toBe(500);
  });

  it("adds up to reconnectSpread at random", () => {
    const spread = policy({ reconnectSpread: 1_000, delayAfterLoss: 100 });
    const all = Array.from({ length: 200 }, () => spread.sessionEnded(10_000, true));
    expect(Math.min(...all)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...all)).toBeLessThanOrEqual(1_100);
    expect(Math.min(...all)).toBeLessThan(350);
    expect(Math.max(...all)).toBeGreaterThan(850);
  });
});

describe("the count of rounds", () => {
  it("is limited by startupMaxRounds until the first session and by maxReconnectRounds after it", () => {
    const one = policy({ startupMaxRounds: 3, maxReconnectRounds: 2 });
    expect(one.roundsLeft).toBe(3);
    one.roundFailed();
    expect(one.roundsLeft).toBe(2);
    one.sessionEnded(10_000, false);
    expect(one.roundsLeft).toBe(2);
    one.roundFailed();
    one.roundFailed();
    one.roundFailed();
    expect(one.roundsLeft).toBe(0);
  });

  it("does not hold the failures before the first session against the rounds after it", () => {
    const one = policy({ startupMaxRounds: 100, maxReconnectRounds: 2 });
    for (let round = 0; round < 10; round += 1) one.roundFailed();
    one.sessionEnded(1, false);
    expect(one.roundsLeft).toBe(2);
  });

  it("is unlimited with Infinity", () => {
    const one = policy();
    for (let round = 0; round < 1_000; round += 1) one.roundFailed();
    expect(one.roundsLeft).toBe(Number.POSITIVE_INFINITY);
  });

  it("starts anew with each outage, but not after a useless session", () => {
    const one = policy({ maxReconnectRounds: 3 });
    one.sessionEnded(10_000, true);
    one.roundFailed();
    one.sessionEnded(1, false);
    expect(one.roundsLeft).toBe(2);
    one.sessionEnded(1, true);
    expect(one.roundsLeft).toBe(3);
  });
});
