/** Plays any number of random programs against the model: npm run fuzz:model -- --programs 20000 --seed 7. */
import { Command, InvalidArgumentError } from "commander";
import {
  type Checked,
  check,
  checkInLanes,
  formatCounterexample,
  violationsOf,
} from "../test/scenarios/model/check.ts";
import type { Program } from "../test/scenarios/model/program.ts";
import { wholeFrom } from "../test/support/command-numbers.ts";

const options = new Command("fuzz:model")
  .option("--programs <n>", "how many are played", wholeFrom(1), 10_000)
  .option("--seed <n>", "of the programs; random unless said", wholeFrom(0))
  .option("--lanes <n>", "played side by side", wholeFrom(1), 4)
  .option("--path <path>", "plays what was found again, with its seed")
  .option("--program <json>", "plays this one", readProgram)
  .parse()
  .opts<{ programs: number; seed?: number; lanes: number; path?: string; program?: Program }>();
const { seed = Math.trunc(Math.random() * 2 ** 31) } = options;

if (options.program === undefined) await fuzz();
else await playOne(options.program);

function readProgram(text: string): Program {
  try {
    return JSON.parse(text) as Program;
  } catch {
    throw new InvalidArgumentError("It is no JSON.");
  }
}

async function playOne(program: Program): Promise<void> {
  const violations = await violationsOf(program);
  console.info(violations.length === 0 ? "It holds to the model" : violations.join("\n"));
  process.exitCode = violations.length === 0 ? 0 : 1;
}

async function fuzz(): Promise<void> {
  const { path, programs, lanes } = options;
  console.info(
    path === undefined ? `seed ${seed}, ${programs} programs, ${lanes} lanes` : `seed ${seed}, path ${path}`,
  );
  const beganMs = performance.now();
  const checks =
    path === undefined ? await checkInLanes({ seed, programs }, lanes) : [await check({ seed, programs: 1, path })];
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
