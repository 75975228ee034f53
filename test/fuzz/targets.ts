/** What can be fuzzed, by name. */
import { check, formatCounterexample } from "../scenarios/model/check.ts";
import { fuzzConversations } from "./conversation-target.ts";
import type { Fuzzed, FuzzOptions } from "./fuzzed.ts";
import { fuzzSockets } from "./socket-target.ts";
import { fuzzUris } from "./uri-target.ts";

export interface Target {
  readonly run: (options: FuzzOptions) => Promise<Fuzzed>;
  /** Cases between two looks at the clock. */
  readonly batch: number;
}

export const TARGETS = {
  uri: { run: fuzzUris, batch: 20_000 },
  socket: { run: fuzzSockets, batch: 5_000 },
  stomp: { run: (options) => fuzzConversations("stomp", options), batch: 2_000 },
  amqp: { run: (options) => fuzzConversations("amqp", options), batch: 2_000 },
  model: { run: fuzzModel, batch: 200 },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof TARGETS;

/** The random programs of `npm run fuzz:model`. */
async function fuzzModel({ seed, runs, path }: FuzzOptions): Promise<Fuzzed> {
  const { programs, events, counterexample } = await check({
    seed,
    programs: runs,
    ...(path !== undefined && { path }),
  });
  const failure = counterexample && {
    seed,
    path: counterexample.path ?? undefined,
    violations: counterexample.violations,
    shrunk: formatCounterexample(counterexample),
  };
  return { cases: programs, counts: { ...events }, failure };
}
