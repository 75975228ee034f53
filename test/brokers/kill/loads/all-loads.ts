/** The loads by their names, as in `npm run kill -- --loads`. */
import { startDurableTopic } from "./durable-topic.ts";
import { startGroups } from "./groups.ts";
import type { StartLoad } from "./load.ts";
import { startMixedBodies } from "./mixed-bodies.ts";
import { startRequests } from "./requests.ts";
import { startTransactions } from "./transactions.ts";
import { startTransforms } from "./transforms.ts";

export const LOADS: Readonly<Record<string, StartLoad>> = {
  transactions: startTransactions,
  transforms: startTransforms,
  durable: startDurableTopic,
  requests: startRequests,
  groups: startGroups,
  mixed: startMixedBodies,
};

/** @throws Error that names the unknown load and lists the known ones. */
export function chooseLoads(names: string): readonly string[] {
  const chosen = names === "all" ? Object.keys(LOADS) : names.split(",");
  const unknown = chosen.filter((name) => !(name in LOADS));
  if (unknown.length === 0) return chosen;
  throw new Error(`There is no load ${unknown.join(", ")}: say all, or some of ${Object.keys(LOADS).join(",")}`);
}
