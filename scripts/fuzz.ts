/**
 * Fuzzes for a given time: npm run fuzz -- --minutes 10 --target amqp --seed 7. With --path it plays a finding again.
 */
import { Command, Option } from "commander";
import type { Failure, Fuzzed } from "../test/fuzz/fuzzed.ts";
import { TARGETS, type TargetName } from "../test/fuzz/targets.ts";
import { positive, wholeFrom } from "../test/support/command-numbers.ts";

const names = Object.keys(TARGETS) as TargetName[];
const program = new Command("fuzz");
const options = program
  .option("--minutes <n>", "how long, over all targets", positive, 1)
  .addOption(new Option("--target <name>", "all in turn unless said").choices(names))
  .option("--seed <n>", "of the first batch; random unless said", wholeFrom(0))
  .option("--path <path>", "plays what was found again, with its target and seed")
  .parse()
  .opts<{ minutes: number; target?: TargetName; seed?: number; path?: string }>();
const { minutes, target, path, seed: firstSeed = Math.trunc(Math.random() * 2 ** 31) } = options;
if (path !== undefined && (target === undefined || options.seed === undefined))
  program.error("error: --path needs the --target and the --seed that it was found with");
const chosen = target ? [target] : names;
for (const name of chosen) if (!(await fuzzFor(name, (minutes * 60_000) / chosen.length))) process.exitCode = 1;
// Timers that belong to abandoned work are not waited for.
process.exit();

/** Runs batches with increasing seeds until the time is over or something is found. */
async function fuzzFor(name: TargetName, ms: number): Promise<boolean> {
  const { run, batch } = TARGETS[name];
  const beganMs = performance.now();
  const total = { cases: 0, counts: {} as Record<string, number>, peakMiB: 0 };
  let failure: Failure | undefined;
  for (let seed = firstSeed; failure === undefined; seed++) {
    const fuzzed: Fuzzed = await run({ seed, runs: batch, path });
    failure = fuzzed.failure;
    total.cases += fuzzed.cases;
    for (const [what, count] of Object.entries(fuzzed.counts)) total.counts[what] = (total.counts[what] ?? 0) + count;
    total.peakMiB = Math.max(total.peakMiB, Math.round(process.memoryUsage.rss() / 2 ** 20));
    if (path !== undefined || performance.now() - beganMs > ms) break;
  }
  const tookS = (performance.now() - beganMs) / 1000;
  const figures = `${total.cases} cases from seed ${firstSeed} in ${tookS.toFixed(0)} s`;
  const rate = `${(total.cases / tookS).toFixed(0)} a second, at most ${total.peakMiB} MiB`;
  console.info(`${name}: ${figures}, ${rate}; ${JSON.stringify(total.counts)}`);
  if (failure) tell(name, failure);
  return failure === undefined;
}

function tell(name: TargetName, { seed, path, violations, shrunk }: Failure): void {
  console.error(`${name} found, with seed ${seed}:`);
  for (const violation of violations) console.error(`  - ${violation}`);
  console.error(`by ${shrunk}`);
  console.error(`Play it again: npm run fuzz -- --target ${name} --seed ${seed} --path ${path}`);
}
