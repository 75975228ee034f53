/** Plays random programs against the model for as long as one likes: npm run fuzz:model -- --programs 20000 --seed 7. */
import { parseArgs } from "node:util";
import {
  type Checked,
  check,
  checkInLanes,
  formatCounterexample,
  violationsOf,
} from "../test/scenarios/model/check.ts";
import type { Program } from "../test/scenarios/model/program.ts";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "10000" },
    seed: { type: "string", default: String(Math.trunc(Math.random() * 2 ** 31)) },
    lanes: { type: "string", default: "4" },
    path: { type: "string" },
    program: { type: "string" },
  },
});
const seed = Number(values.seed);

if (values.program === undefined) await fuzz();
else await playOne(JSON.parse(values.program) as Program);

async function playOne(program: Program): Promise<void> {
  const violations = await violationsOf(program);
  console.info(violations.length === 0 ? "It holds to the model" : violations.join("\n"));
  process.exitCode = violations.length === 0 ? 0 : 1;
}

async function fuzz(): Promise<void> {
  const { path, programs, lanes } = values;
  console.info(
    path === undefined ? `seed ${seed}, ${programs} programs, ${lanes} lanes` : `seed ${seed}, path ${path}`,
  );
  const beganMs = performance.now();
  const checks =
    path === undefined
      ? await checkInLanes({ seed, programs: Number(programs) }, Number(lanes))
      : [await check({ seed, programs: 1, path })];
  const tookS = ((performance.now() - beganMs) / 1000).toFixed(1);
  console.info(`${checks.reduce((sum, one) => sum + one.programs, 0)} programs in ${tookS} s`);
  console.info(totalsOf(checks));
  for (const { counterexample } of checks) if (counterexample) console.error(formatCounterexample(counterexample));
  process.exitCode = checks.some(({ counterexample }) => counterexample) ? 1 : 0;
}

function totalsOf(checks: readonly Checked[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { events } of checks) {
    for (const [name, count] of Object.entries(events)) totals[name] = (totals[name] ?? 0) + count;
  }
  return totals;
}
