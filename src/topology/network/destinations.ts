/** Destination patterns with both products' wildcards: their intersection, and whether one contains the other. */

/** Stands for every destination, queues and topics. */
export const EVERY_DESTINATION: readonly string[] = ["queue://>", "topic://>"];

/**
 * Returns the pattern of the destinations that both patterns match, undefined if there are none. `>` and `#` stand for
 * any rest, `*` for one word. What follows a `#` inside a name, which Artemis allows, is assumed to match anything.
 */
export function commonPattern(a: string, b: string): string | undefined {
  const [typeA, nameA] = split(a);
  const [typeB, nameB] = split(b);
  const words = typeA === typeB ? commonWords(nameA.split("."), nameB.split(".")) : undefined;
  return words && `${typeA}://${words.join(".")}`;
}

/** Whether a destination exists that both patterns match. */
export function patternsOverlap(a: string, b: string): boolean {
  return commonPattern(a, b) !== undefined;
}

/** Whether the first pattern matches everything that the second one matches. */
export function patternCovers(outer: string, inner: string): boolean {
  const [typeA, nameA] = split(outer);
  const [typeB, nameB] = split(inner);
  const [wide, narrow] = [nameA.split("."), nameB.split(".")];
  if (typeA !== typeB) return false;
  for (let index = 0; ; index += 1) {
    const [left, right] = [wide[index], narrow[index]];
    if (isRest(left)) return true;
    if (left === undefined || right === undefined) return left === right;
    if (isRest(right) || (left !== "*" && left !== right)) return false;
  }
}

function split(pattern: string): [type: string, name: string] {
  const at = pattern.indexOf("://");
  return at < 0 ? ["queue", pattern] : [pattern.slice(0, at), pattern.slice(at + 3)];
}

function commonWords(a: readonly string[], b: readonly string[]): readonly string[] | undefined {
  const common: string[] = [];
  for (let index = 0; ; index += 1) {
    const [left, right] = [a[index], b[index]];
    if (isRest(left)) return [...common, ...b.slice(index)];
    if (isRest(right)) return [...common, ...a.slice(index)];
    if (left === undefined || right === undefined) return left === right ? common : undefined;
    if (left !== "*" && right !== "*" && left !== right) return undefined;
    common.push(left === "*" ? right : left);
  }
}

function isRest(word: string | undefined): boolean {
  return word === ">" || word === "#";
}
