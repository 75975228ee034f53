/**
 * `npm run network`: tries every fault on {Classic, Artemis} x {STOMP, AMQP} with the default heart-beats. Exits 0 only
 * if every promise held. With --write the figures become those of docs/failure-modes.md.
 */
import { Command, InvalidArgumentError, Option } from "commander";
import type { Product, Protocol } from "../brokers/group-contract.ts";
import { wholeFrom } from "../support/command-numbers.ts";
import { FAULTS } from "./faults/all-faults.ts";
import { slowLink } from "./faults/bad-links.ts";
import { DEAD_FIRSTS } from "./faults/dead-firsts.ts";
import type { Fault } from "./faults/fault.ts";
import { type Combination, complaints, figuresOf } from "./figures.ts";
import { measureNewClient, startWarmClient, tooSlow } from "./new-client.ts";
import { COMBINATIONS, type Rows, readFullRun, titleOf, writeFullRun } from "./run-file.ts";
import { Stage } from "./stage.ts";
import { tryFault } from "./trial.ts";

const program = new Command("network");
const options = program
  .option("--heartbeat <ms>", "the heart-beat interval", wholeFrom(1), 5_000)
  .option("--fault <pattern>", "rows whose names match it; all unless said", readPattern)
  .addOption(new Option("--product <name>", "both unless said").choices(["classic", "artemis"]))
  .addOption(new Option("--protocol <name>", "both unless said").choices(["stomp", "amqp"]))
  .option("--long", "bodies of 64 MiB over 1 Mbit/s instead of everything else: half an hour each", false)
  .option("--write", "keep the figures", false)
  .parse()
  .opts<{
    heartbeat: number;
    fault?: RegExp;
    product?: Product;
    protocol?: Protocol;
    long: boolean;
    write: boolean;
  }>();

const wanted = (name: string): boolean => options.fault?.test(name) ?? true;
const played: readonly Fault[] = options.long ? [slowLink(64 * 2 ** 20)] : FAULTS;
const deadFirsts = options.long ? [] : DEAD_FIRSTS;
const faults = played.filter(({ name }) => wanted(name));
const firsts = deadFirsts.filter(({ name }) => wanted(name));
if (faults.length + firsts.length === 0)
  program.error(
    `error: no row matches --fault ${options.fault?.source}: ${[...played, ...deadFirsts].map(({ name }) => name).join("; ")}`,
  );
let failures = 0;

for (const product of ["classic", "artemis"] as const) {
  if (options.product !== undefined && options.product !== product) continue;
  const stage = await Stage.start(product);
  try {
    for (const combination of COMBINATIONS.filter((each) => each.product === product)) {
      if (options.protocol !== undefined && options.protocol !== combination.protocol) continue;
      await tryFirsts(stage, combination);
      for (const fault of faults) await tryOne(stage, fault, combination);
    }
  } finally {
    await stage.close();
  }
}
process.exitCode = failures > 0 ? 1 : 0;

function readPattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (reason) {
    throw new InvalidArgumentError(reason instanceof Error ? `${reason.message}.` : String(reason));
  }
}

async function tryOne(stage: Stage, fault: Fault, combination: Combination): Promise<void> {
  await guarded(`${titleOf(combination)}, ${fault.name}`, async () => {
    const figures = figuresOf(await tryFault(stage, fault, combination.protocol, options.heartbeat));
    keep(({ faults }) => faults, fault.name, combination, figures);
    return { figures, broken: complaints(fault, figures, combination, options.heartbeat) };
  });
}

async function tryFirsts(stage: Stage, combination: Combination): Promise<void> {
  if (firsts.length === 0) return;
  const dead = await stage.deadHost();
  const client = await startWarmClient(stage, combination.protocol);
  for (const first of firsts) {
    await guarded(`${titleOf(combination)}, new client, ${first.name}`, async () => {
      const figures = await measureNewClient(stage, dead, first, combination.protocol, client);
      keep(({ newClients }) => newClients, first.name, combination, figures);
      return { figures, broken: [tooSlow(first, figures)].filter((each) => each !== undefined) };
    });
  }
  await client.close();
}

async function guarded(
  title: string,
  run: () => Promise<{ figures: object; broken: readonly string[] }>,
): Promise<void> {
  try {
    const { figures, broken } = await run();
    console.log(`${title}: ${JSON.stringify(figures)}${broken.map((each) => `\n  BROKEN: ${each}`).join("")}`);
    if (broken.length > 0) failures += 1;
  } catch (reason) {
    failures += 1;
    console.log(`${title}: FAILED:`, reason);
  }
}

/** Written row by row, so that a long run that is interrupted has not been in vain, and one row can be run again. */
function keep<F>(
  pick: (run: ReturnType<typeof readFullRun>) => Rows<F>,
  name: string,
  at: Combination,
  figures: F,
): void {
  if (!options.write) return;
  const run = { ...readFullRun(), heartbeatMs: options.heartbeat };
  const rows = pick(run);
  rows[name] = { ...rows[name], [titleOf(at)]: figures };
  writeFullRun(run);
}
