/** Rules that rename a destination at the target. */
import { type Destination, parseDestination } from "../../messaging/messages/destination.ts";
import { type DestinationPattern, intersectPatterns, matchPattern, parsePattern } from "./pattern.ts";

export interface Rename {
  readonly from: DestinationPattern;
  /** With `$1`, `$2` … in its name. */
  readonly to: Destination;
}

/** @throws Error that says what is wrong with the rule. */
export function parseRename({ from, to }: { readonly from: string; readonly to: string }): Rename {
  const pattern = parsePattern(from);
  const target = parseDestination(to);
  if (target.kind !== "queue" && target.kind !== "topic")
    throw new Error(`${to} is temporary: nothing can be sent there`);
  if (target.name.split(".").some((word) => word === "*" || word === ">"))
    throw new Error(`${to} has a wildcard: write $1 for what the first wildcard of from stood for`);
  const wildcards = wildcardsOf(pattern).length;
  for (const [, number] of target.name.matchAll(PLACEHOLDER)) {
    if (Number(number) < 1 || Number(number) > wildcards)
      throw new Error(
        `${to} has $${number}, and ${from} has ${wildcards} ${wildcards === 1 ? "wildcard" : "wildcards"}`,
      );
  }
  return { from: pattern, to: target };
}

/** Returns the name by the first rule that matches; the destination itself if none does. */
export function applyRenames(renames: readonly Rename[], destination: Destination): Destination {
  for (const { from, to } of renames) {
    const found = matchPattern(from, destination);
    // A `>` may match nothing: then its dot is dropped too.
    if (found)
      return {
        kind: to.kind,
        name: tidied(to.name.replace(PLACEHOLDER, (_, number) => found[Number(number) - 1] ?? "")),
      };
  }
  return destination;
}

/**
 * Returns the patterns that a rule makes of what both it and `pattern` match: a wildcard of the pattern takes the place of
 * the placeholder that stands for it. undefined when nothing matches both.
 */
export function renamePattern({ from, to }: Rename, pattern: DestinationPattern): DestinationPattern | undefined {
  const both = intersectPatterns(from, pattern);
  if (!both) return undefined;
  const found = matchPattern(from, both) ?? [];
  const name = tidied(to.name.replace(PLACEHOLDER, (_, number) => found[Number(number) - 1] ?? ""));
  return parsePattern(`${to.kind}://${name}`);
}

/** Returns the rule that undoes a rule; undefined if the rule drops what a wildcard matched, or uses it twice. */
export function invertRename({ from, to }: Rename): Rename | undefined {
  const wildcards = wildcardsOf(from);
  const order: number[] = [];
  const words = to.name.split(".").map((word) => {
    const number = /^\$(\d)$/.exec(word)?.[1];
    if (number === undefined) return word;
    order.push(Number(number));
    return wildcards[Number(number) - 1] ?? word;
  });
  const plain = words.some((word) => word.includes("$"));
  const once = order.length === wildcards.length && new Set(order).size === order.length;
  if (plain || !once || words.slice(0, -1).includes(">")) return undefined;
  let next = 0;
  const name = from.words
    .map((word) => (word === "*" || word === ">" ? `$${order.indexOf(++next) + 1}` : word))
    .join(".");
  const { kind } = to as { readonly kind: "queue" | "topic" };
  return { from: parsePattern(`${kind}://${words.join(".")}`), to: { kind: from.kind, name } };
}

const PLACEHOLDER = /\$(\d)/g;

function wildcardsOf({ words }: DestinationPattern): string[] {
  return words.filter((word) => word === "*" || word === ">");
}

function tidied(name: string): string {
  return name.replace(/\.+/g, ".").replace(/^\.|\.$/g, "");
}
