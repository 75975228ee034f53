/** What every target of the fuzzer is: a property over generated cases, checked from a seed. */
import fc from "fast-check";

export interface FuzzOptions {
  readonly seed: number;
  readonly runs: number;
  /** Of a counterexample that was found from this seed: only that is played. */
  readonly path?: string | undefined;
}

export interface Fuzzed {
  readonly cases: number;
  /** What became of the cases, so that one sees that they were not all the same. */
  readonly counts: Readonly<Record<string, number>>;
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly seed: number;
  readonly path: string | undefined;
  readonly violations: readonly string[];
  /** The shrunk case, as JSON where it can be. */
  readonly shrunk: string;
}

/** Plays one case: what was broken, and what to count it as. */
export type Judge<T> = (one: T) => Judged | Promise<Judged>;

export interface Judged {
  readonly violations: readonly string[];
  readonly counts: readonly string[];
}

class Violation extends Error {
  readonly violations: readonly string[];
  constructor(violations: readonly string[]) {
    super(violations.join("\n"));
    this.violations = violations;
  }
}

export async function fuzz<T>(cases: fc.Arbitrary<T>, judge: Judge<T>, options: FuzzOptions): Promise<Fuzzed> {
  const counts: Record<string, number> = {};
  const property = fc.asyncProperty(cases, async (one) => {
    const judged = await judge(one);
    for (const name of judged.counts) counts[name] = (counts[name] ?? 0) + 1;
    if (judged.violations.length > 0) throw new Violation(judged.violations);
  });
  const { seed, runs, path } = options;
  const details = await fc.check(property, {
    seed,
    numRuns: path === undefined ? runs : 1,
    ...(path !== undefined && { path, endOnFailure: true }),
  });
  return { cases: details.numRuns, counts, failure: failureOf(details) };
}

function failureOf<T>({ failed, counterexample, counterexamplePath, seed, errorInstance }: fc.RunDetails<[T]>) {
  if (!failed) return undefined;
  if (!counterexample) throw errorInstance ?? new Error("No case could be made");
  const [shrunk] = counterexample;
  const violations = errorInstance instanceof Violation ? errorInstance.violations : [String(errorInstance)];
  return { seed, path: counterexamplePath ?? undefined, violations, shrunk: JSON.stringify(shrunk) };
}
