/** What `util.inspect` shows of an object of ours: a few facts, and nothing of what is within it. */
import { type InspectOptions, inspect } from "node:util";

/** Returns `name { facts }`, also where hidden properties are asked for. For `[inspect.custom](depth, options)`. */
export function inspectedAs(name: string, facts: object, depth: number, options: InspectOptions): string {
  if (depth < 0) return `[${name}]`;
  return `${name} ${inspect(facts, { ...options, showHidden: false, depth: 2 })}`;
}
