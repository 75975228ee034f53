/** Destination patterns of both products' wildcards, and whether two of them can mean the same destination. */

/** Whether a destination exists that both patterns match. `>` and `#` stand for any rest, `*` for one word. */
export function patternsOverlap(a: string, b: string): boolean {
  const [typeA, nameA] = split(a);
  const [typeB, nameB] = split(b);
  return typeA === typeB && wordsOverlap(nameA.split("."), nameB.split("."));
}

function split(pattern: string): [type: string, name: string] {
  const at = pattern.indexOf("://");
  return at < 0 ? ["queue", pattern] : [pattern.slice(0, at), pattern.slice(at + 3)];
}

function wordsOverlap(a: readonly string[], b: readonly string[]): boolean {
  for (let index = 0; ; index += 1) {
    const [left, right] = [a[index], b[index]];
    if (isRest(left) || isRest(right)) return true;
    if (left === undefined || right === undefined) return left === right;
    if (left !== "*" && right !== "*" && left !== right) return false;
  }
}

function isRest(word: string | undefined): boolean {
  return word === ">" || word === "#";
}

/** Whether two lists of patterns can mean the same destination; an empty list stands for every destination. */
export function listsOverlap(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return true;
  return a.some((left) => b.some((right) => patternsOverlap(left, right)));
}
