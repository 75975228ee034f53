/** Plays programs by the thousand, side by side, and shrinks what violates the model. */
import fc from "fast-check";
import type { Hands } from "./hands.ts";
import { type Events, play } from "./play.ts";
import { formatProgram, type Program, program } from "./program.ts";
import { type Shrunk, shrink } from "./shrink.ts";

export interface CheckOptions {
  readonly seed: number;
  readonly programs: number;
  /** Where fast-check found the counterexample of an earlier run with this seed. */
  readonly path?: string;
  readonly hands?: Hands | undefined;
  /** After how long an open promise is taken for one that never settles. */
  readonly hangsMs?: number | undefined;
}

export interface Checked {
  readonly programs: number;
  readonly events: Events;
  readonly counterexample: Counterexample | undefined;
}

export interface Counterexample extends Shrunk {
  readonly seed: number;
  readonly path: string;
}

/** Sockets and disks are not as deterministic as a program: one that once failed gets several chances to do it again. */
const CHANCES = 4;
const SHRINKING_MS = 60_000;

class Violation extends Error {
  readonly violations: readonly string[];
  constructor(violations: readonly string[]) {
    super(violations.join("\n"));
    this.violations = violations;
  }
}

export async function check({ seed, programs, path, hands, hangsMs }: CheckOptions): Promise<Checked> {
  const events = { sent: 0, confirmed: 0, handedOver: 0, settled: 0, committed: 0, deaths: 0, stored: 0 };
  const property = fc.asyncProperty(program, async (one) => {
    for (let chance = path === undefined ? 1 : CHANCES; chance > 0; chance--) {
      const played = await play(one, hands, hangsMs);
      for (const name of Object.keys(events) as (keyof Events)[]) events[name] += played.events[name];
      if (played.violations.length > 0) throw new Violation(played.violations);
    }
  });
  // Steps lean on each other too loosely for fast-check's shrinking of arrays; shrink() leaves out any of them.
  const details = await fc.check(property, { seed, numRuns: programs, endOnFailure: true, ...(path && { path }) });
  const found = foundIn(details);
  if (!found) return { programs: details.numRuns, events, counterexample: undefined };
  const shrunk = await shrink(found, (one) => violationsOf(one, { hands, hangsMs }), SHRINKING_MS);
  return {
    programs: details.numRuns,
    events,
    counterexample: { ...shrunk, seed: details.seed, path: details.counterexamplePath ?? "" },
  };
}

/** Of one program, played until it violates something. */
export async function violationsOf(
  one: Program,
  { hands, hangsMs }: Pick<CheckOptions, "hands" | "hangsMs"> = {},
): Promise<readonly string[]> {
  for (let chance = CHANCES; chance > 0; chance--) {
    const { violations } = await play(one, hands, hangsMs);
    if (violations.length > 0) return violations;
  }
  return [];
}

function foundIn({ failed, counterexample, errorInstance }: fc.RunDetails<[Program]>): Shrunk | undefined {
  if (!failed) return undefined;
  if (!counterexample) throw errorInstance ?? new Error("No program could be made");
  const violations = errorInstance instanceof Violation ? errorInstance.violations : [String(errorInstance)];
  return { program: counterexample[0], violations };
}

/** Several at a time: they wait for sockets and disks more than they compute. Each lane has a seed of its own, counted on from the first. */
export async function checkInLanes(options: Omit<CheckOptions, "path">, lanes: number): Promise<readonly Checked[]> {
  const programs = Math.ceil(options.programs / lanes);
  const checks = Array.from({ length: lanes }, (_, lane) => check({ ...options, seed: options.seed + lane, programs }));
  return Promise.all(checks);
}

export function formatCounterexample({ program, violations, seed, path }: Counterexample): string {
  return [
    `${violations.length} violations of the model:`,
    ...violations.map((one) => `  - ${one}`),
    `by the program ${formatProgram(program)}`,
    `Found by seed ${seed}, path ${path}: npm run fuzz:model -- --seed ${seed} --path ${path}`,
    `Play it again: npm run fuzz:model -- --program '${JSON.stringify(program)}'`,
  ].join("\n");
}
