/** Plays random programs against the model for as long as one likes: npm run fuzz:model -- --programs 20000 --seed 7. */
import { parseArgs } from "node:util";
import { check, checkInLanes, formatCounterexample } from "../test/scenarios/model/check.ts";

const { values } = parseArgs({
  options: {
    programs: { type: "string" },
    seed: { type: "string" },
    path: { type: "string" },
    lanes: { type: "string" },
  },
});
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const programs = Number(values.programs ?? 10_000);
const lanes = Number(values.lanes ?? 4);
const beganMs = performance.now();
console.info(
  `seed ${seed}, ${values.path === undefined ? `${programs} programs in ${lanes} lanes` : `path ${values.path}`}`,
);
const checks =
  values.path === undefined
    ? await checkInLanes({ seed, programs }, lanes)
    : [await check({ seed, programs: 1, path: values.path })];
for (const { counterexample } of checks) if (counterexample) console.error(formatCounterexample(counterexample));
const played = checks.reduce((sum, one) => sum + one.programs, 0);
console.info(`${played} programs in ${Math.round((performance.now() - beganMs) / 1000)} s`);
console.info(checks.map(({ events }) => events));
process.exitCode = checks.some(({ counterexample }) => counterexample) ? 1 : 0;
