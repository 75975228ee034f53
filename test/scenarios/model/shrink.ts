/** Makes a program that violates the model as short and as plain as it can be. */
import type { Program, Step } from "./program.ts";

/** What a program violates when it is played; nothing, perhaps, if it is played again. */
export type Violates = (program: Program) => Promise<readonly string[]>;

export interface Shrunk {
  readonly program: Program;
  readonly violations: readonly string[];
}

const PLAIN_CONNECTION = { protocol: "stomp", inDoubt: "resend", maxPendingSends: 10_000 } as const;
/** Whatever a step has of these, it does with. */
const PLAIN: Readonly<Record<string, unknown>> = {
  count: 1,
  take: 1,
  turns: 1,
  prefetch: 100,
  deduplicate: false,
  transacted: false,
  fails: false,
  throws: false,
  retries: 0,
  accepts: 0,
  sends: [],
  consumer: 0,
  delivery: 0,
  by: 0,
  to: "a",
  from: "a",
  how: "accept",
};

/** Ends after `timeoutMs` with what it has by then. */
export async function shrink(found: Shrunk, violates: Violates, timeoutMs: number): Promise<Shrunk> {
  const deadline = performance.now() + timeoutMs;
  let best = found;
  /** Whether the candidate does it too, and is the best from now on. */
  const takes = async (candidate: Program): Promise<boolean> => {
    if (performance.now() > deadline) return false;
    const violations = await violates(candidate);
    if (violations.length > 0) best = { program: candidate, violations };
    return violations.length > 0;
  };
  await leaveOutWhatCanBe(() => best.program, takes);
  await makePlain(() => best.program, takes);
  await leaveOutWhatCanBe(() => best.program, takes);
  return best;
}

type Takes = (candidate: Program) => Promise<boolean>;

/**
 * What could not be left out may be when something after it is gone, or when what happens at the same time falls out
 * otherwise: only a second walk in vain ends it.
 */
async function leaveOutWhatCanBe(best: () => Program, takes: Takes): Promise<void> {
  for (let inVain = 0; inVain < 2; ) {
    const { length } = best().steps;
    await leaveOutSteps(best, takes);
    inVain = best().steps.length < length ? 0 : inVain + 1;
  }
}

/** Half of them at a time, then a quarter, in the end each. */
async function leaveOutSteps(best: () => Program, takes: Takes): Promise<void> {
  for (let size = Math.ceil(best().steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let at = best().steps.length - size; at >= 0; at -= size) {
      const { steps } = best();
      await takes({ ...best(), steps: [...steps.slice(0, at), ...steps.slice(at + size)] });
    }
  }
}

async function makePlain(best: () => Program, takes: Takes): Promise<void> {
  await takes({ ...best(), duplicateDetection: false });
  for (const index of [0, 1]) {
    const [first, second] = best().connections;
    await takes({ ...best(), connections: index === 0 ? [PLAIN_CONNECTION, second] : [first, PLAIN_CONNECTION] });
  }
  for (let at = 0; at < best().steps.length; at++) {
    for (const name of Object.keys(best().steps[at] ?? {})) {
      const step = best().steps[at];
      if (!(name in PLAIN) || step === undefined || isPlain(step, name)) continue;
      const plainer = { ...step, [name]: PLAIN[name] } as Step;
      await takes({ ...best(), steps: best().steps.map((one, index) => (index === at ? plainer : one)) });
    }
  }
}

function isPlain(step: Step, name: string): boolean {
  return JSON.stringify(step[name as keyof Step]) === JSON.stringify(PLAIN[name]);
}
