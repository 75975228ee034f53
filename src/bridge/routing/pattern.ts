/** Destinations with Classic's wildcards: `*` for one word, `>` at the end for the rest. */
import { type Destination, formatDestination, parseDestination } from "../../messaging/messages/destination.ts";

export interface DestinationPattern {
  readonly kind: "queue" | "topic";
  readonly name: string;
  readonly words: readonly string[];
  readonly hasWildcard: boolean;
}

/** Reads `queue://orders.>` or a bare queue name. @throws Error that says what is wrong and what to write. */
export function parsePattern(text: string): DestinationPattern {
  const { kind, name } = parseDestination(text);
  if (kind !== "queue" && kind !== "topic")
    throw new Error(`${text} is temporary: it lives in one group and cannot be forwarded`);
  if (name.includes(",")) throw new Error(`${text} lists several destinations: write each as an entry of its own`);
  if (name.includes("#")) throw new Error(`${text} has #, which is Artemis's own wildcard: write > for the rest`);
  const words = name.split(".");
  if (words.some((word) => word === "")) throw new Error(`${text} has an empty word between its dots`);
  if (words.slice(0, -1).includes(">")) throw new Error(`${text} has > before its end: write * for one word`);
  const odd = words.find((word) => word.length > 1 && /[*>]/.test(word));
  if (odd !== undefined)
    throw new Error(`${text} has a wildcard inside the word ${odd}: a wildcard is a word of its own`);
  return { kind, name, words, hasWildcard: words.some((word) => word === "*" || word === ">") };
}

/** Returns what the wildcards matched, in order; undefined if the name does not match. `A.>` also matches `A`. */
export function matchPattern(pattern: DestinationPattern, { kind, name }: Destination): readonly string[] | undefined {
  if (kind !== pattern.kind) return undefined;
  const { words } = pattern;
  const given = name.split(".");
  const found: string[] = [];
  for (const [index, word] of words.entries()) {
    const here = given[index];
    if (word === ">") return [...found, given.slice(index).join(".")];
    if (here === undefined || (word !== "*" && word !== here)) return undefined;
    if (word === "*") found.push(here);
  }
  return given.length === words.length ? found : undefined;
}

/** Whether some name matches both patterns. */
export function patternsOverlap(a: DestinationPattern, b: DestinationPattern): boolean {
  if (a.kind !== b.kind) return false;
  for (let index = 0; ; index += 1) {
    const [one, other] = [a.words[index], b.words[index]];
    if (one === ">" || other === ">") return true;
    if (one === undefined || other === undefined) return one === other;
    if (one !== other && one !== "*" && other !== "*") return false;
  }
}

/** Returns the pattern of the names that match both; undefined when there are none. */
export function intersectPatterns(a: DestinationPattern, b: DestinationPattern): DestinationPattern | undefined {
  if (a.kind !== b.kind) return undefined;
  const words: string[] = [];
  for (let index = 0; ; index += 1) {
    const [one, other] = [a.words[index], b.words[index]];
    if (one === ">" || other === ">") {
      words.push(...(one === ">" ? b : a).words.slice(index));
      break;
    }
    if (one === undefined && other === undefined) break;
    if (one === undefined || other === undefined) return undefined;
    if (one !== other && one !== "*" && other !== "*") return undefined;
    words.push(one === "*" ? other : one);
  }
  return {
    kind: a.kind,
    name: words.join("."),
    words,
    hasWildcard: words.some((word) => word === "*" || word === ">"),
  };
}

/** Returns each pattern once, in the order of the first occurrences. */
export function distinctPatterns(patterns: readonly DestinationPattern[]): DestinationPattern[] {
  return [...new Map(patterns.map((pattern) => [formatPattern(pattern), pattern])).values()];
}

/** Whether every name that matches `b` matches `a`. */
export function coversPattern(a: DestinationPattern, b: DestinationPattern): boolean {
  return intersectPatterns(a, b)?.name === b.name;
}

export function formatPattern({ kind, name }: DestinationPattern): string {
  return formatDestination({ kind, name });
}
