/** Plays programs by the thousand, side by side, and shrinks the first that violates the model. */
import fc from "fast-check";
import type { Hands } from "./hands.ts";
import { type Events, play } from "./play.ts";
import { formatProgram, type Program, program } from "./program.ts";

export interface CheckOptions {
  readonly seed: number;
  readonly programs: number;
  /** Where fast-check found the counterexample of an earlier run with this seed. */
  readonly path?: string;
  readonly hands?: Hands;
}

export interface Checked {
  readonly programs: number;
  readonly events: Events;
  readonly counterexample: Counterexample | undefined;
}

export interface Counterexample {
  readonly program: Program;
  readonly violations: readonly string[];
  readonly seed: number;
  readonly path: string;
}

/** Sockets and disks are not as deterministic as the program: while it shrinks, one that once failed gets several chances. */
const CHANCES = 4;
const SHRINKING_MS = 60_000;

class Violation extends Error {
  readonly violations: readonly string[];
  constructor(violations: readonly string[]) {
    super(violations.join("\n"));
    this.violations = violations;
  }
}

export async function check({ seed, programs, path, hands }: CheckOptions): Promise<Checked> {
  const events = { sent: 0, confirmed: 0, handedOver: 0, settled: 0, committed: 0, deaths: 0, stored: 0 };
  let failedAt: number | undefined;
  const property = fc.asyncProperty(program, async (one) => {
    if (failedAt !== undefined && performance.now() > failedAt + SHRINKING_MS) return;
    for (let chance = failedAt === undefined && path === undefined ? 1 : CHANCES; chance > 0; chance--) {
      const played = await play(one, hands);
      for (const name of Object.keys(events) as (keyof Events)[]) events[name] += played.events[name];
      if (played.violations.length === 0) continue;
      failedAt ??= performance.now();
      throw new Violation(played.violations);
    }
  });
  const details = await fc.check(property, { seed, numRuns: programs, ...(path !== undefined && { path }) });
  return { programs: details.numRuns, events, counterexample: counterexampleOf(details) };
}

function counterexampleOf(details: fc.RunDetails<[Program]>): Counterexample | undefined {
  if (!details.failed) return undefined;
  const { counterexample, counterexamplePath, errorInstance, seed } = details;
  if (!counterexample || counterexamplePath === null) throw errorInstance ?? new Error("No program could be made");
  const violations = errorInstance instanceof Violation ? errorInstance.violations : [String(errorInstance)];
  return { program: counterexample[0], violations, seed, path: counterexamplePath };
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
    `Play it again: npm run fuzz:model -- --seed ${seed} --path ${path}`,
    `As data: ${JSON.stringify(program)}`,
  ].join("\n");
}
