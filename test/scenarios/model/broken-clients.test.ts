/** The model is no formality: what breaks a promise is found within a few hundred programs, and shrunk to a few steps. */
import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import * as wrong from "./wrong-hands.ts";

const SEED = 20;

/** Most come down to 2 to 4 steps; how far depends on what happens at the same time in each try. */
const SHORT = 10;

describe("the model finds, and shrinks to a short program,", () => {
  it.each([
    ["a member that forgets a confirmed message when it takes over", wrong.forgetful, /confirmed, and is lost/],
    ["a client that confirms what it has only been asked to send", wrong.hasty, /is lost|counts/],
    ["a client that sends everything twice", wrong.doubling, /is at (a|b|durable-\d) 2 times|counts/],
    ["an accept() that is written nowhere", wrong.mute, /handed over at .* after it was settled|settled 1 times/],
    ["a reject() that accepts", wrong.lenient, /was rejected, and is not in the dead letter queue/],
    ["a stale reject() that is told to be settled", wrong.boastful, /was rejected, and is not in the dead/],
    ["a transaction that sends at once", wrong.impatient, /was not stored by all that was said|counts/],
    ["a transaction that holds in part", wrong.partial, /is lost|holds in part/],
    ["sends that overtake each other", wrong.disorderly(), /had sent it before/],
  ] as const)("%s", { timeout: 300_000 }, async (_, hands, expected) => {
    const { counterexample } = await check({ seed: SEED, programs: 500, hands });
    expect(counterexample?.violations.join("\n")).toMatch(expected);
    expect(counterexample?.program.steps.length).toBeLessThanOrEqual(SHORT);
  });

  it("a promise that never settles", { timeout: 300_000 }, async () => {
    const { counterexample } = await check({ seed: SEED, programs: 500, hands: wrong.silent, hangsMs: 1_500 });
    expect(counterexample?.violations.join("\n")).toMatch(/release of m\d+ .* had not settled after 1500 ms/);
    expect(counterexample?.program.steps.length).toBeLessThanOrEqual(SHORT);
  });
});
