/** What a broker and its clients promise, held against random programs of two clients and a group whose members die. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { forbidProcessTrouble } from "../../support/process-trouble.ts";
import { check, checkInLanes, formatCounterexample, violationsOf } from "./check.ts";
import type { Events } from "./play.ts";
import type { Program } from "./program.ts";

forbidProcessTrouble();

interface KnownPrograms {
  /** Those of a seed change with the generator. */
  readonly seeds: readonly { readonly seed: number; readonly programs: number; readonly why: string }[];
  /** Each once found a mistake. */
  readonly programs: readonly { readonly why: string; readonly program: Program }[];
}

const known: KnownPrograms = JSON.parse(
  readFileSync(new URL("../../vectors/model-seeds.json", import.meta.url), "utf8"),
);
/** More of them by `npm run fuzz:model`. */
const PROGRAMS = 1_500;
const LANES = 4;
const TIMEOUT = { timeout: 600_000 };

describe("the model holds", () => {
  it.each(known.programs)("for a program that $why", TIMEOUT, async ({ program }) => {
    const before = await openResources();
    expect(await violationsOf(program)).toEqual([]);
    expect(await openResources()).toEqual(before);
  });

  it.each(known.seeds)("for $programs programs of seed $seed, which $why", TIMEOUT, async ({ seed, programs }) => {
    const { counterexample } = await check({ seed, programs });
    if (counterexample) expect.fail(formatCounterexample(counterexample));
  });

  it(`for ${PROGRAMS} new programs, eventful ones, and nothing is left open`, TIMEOUT, async () => {
    // The same ones in CI, that it tells of changes; other ones for everybody else.
    const seed = process.env["CI"] ? 2_026 : Math.trunc(Math.random() * 2 ** 31);
    const before = await openResources();
    const checks = await checkInLanes({ seed, programs: PROGRAMS }, LANES);
    for (const { counterexample } of checks) if (counterexample) expect.fail(formatCounterexample(counterexample));
    const total = (name: keyof Events) => checks.reduce((sum, { events }) => sum + events[name], 0);
    const least = { confirmed: 3, handedOver: 1, settled: 0.3, committed: 0.2, deaths: 0.3, stored: 1 };
    for (const [name, each] of Object.entries(least))
      expect(total(name as keyof Events), `${name}, seed ${seed}`).toBeGreaterThan((PROGRAMS * each) / 2);
    expect(await openResources()).toEqual(before);
  });
});

/** Sockets, servers and timers; the threads of the pool come and go. */
async function openResources(): Promise<string[]> {
  await new Promise((resolve) => setTimeout(resolve, 100));
  return process.getActiveResourcesInfo().filter((name) => /TCP|Timeout|Immediate/.test(name));
}
