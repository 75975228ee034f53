/** A set of patterns that finds relatives of a pattern by its words, without comparing it with each of the set. */
import { type DestinationPattern, distinctPatterns } from "./pattern.ts";

interface Node {
  readonly next: Map<string, Node>;
  /** The pattern that ends here. */
  pattern: DestinationPattern | undefined;
}

export class PatternSet {
  readonly #roots = { queue: newNode(), topic: newNode() };
  /** Each pattern once, in the order given. */
  readonly patterns: readonly DestinationPattern[];

  constructor(patterns: readonly DestinationPattern[]) {
    this.patterns = distinctPatterns(patterns);
    for (const pattern of this.patterns) this.#add(pattern);
  }

  /** Whether a pattern of the set, other than this one, matches every name that this one matches. */
  coversOther({ kind, words, name }: DestinationPattern): boolean {
    const isOther = (node: Node | undefined) => node?.pattern !== undefined && node.pattern.name !== name;
    // Step by step rather than recursive: a peer's name may have thousands of words.
    let nodes = [this.#roots[kind]];
    for (const word of words) {
      if (nodes.some(({ next }) => isOther(next.get(">")))) return true;
      nodes = nodes.flatMap(({ next }) => children(next, word === ">" ? [] : word === "*" ? ["*"] : ["*", word]));
    }
    return nodes.some((node) => isOther(node.next.get(">")) || isOther(node));
  }

  /** Whether some name matches both this pattern and one of the set. */
  overlaps({ kind, words }: DestinationPattern): boolean {
    let nodes = [this.#roots[kind]];
    for (const word of words) {
      // Every node leads to a pattern, and has one itself or one behind it.
      if (nodes.some(({ next }) => next.has(">"))) return true;
      if (word === ">") return nodes.some(({ pattern, next }) => pattern !== undefined || next.size > 0);
      nodes = nodes.flatMap(({ next }) => (word === "*" ? [...next.values()] : children(next, ["*", word])));
    }
    return nodes.some(({ pattern, next }) => pattern !== undefined || next.has(">"));
  }

  #add(pattern: DestinationPattern): void {
    let node = this.#roots[pattern.kind];
    for (const word of pattern.words) {
      const next = node.next.get(word) ?? newNode();
      node.next.set(word, next);
      node = next;
    }
    node.pattern = pattern;
  }
}

function newNode(): Node {
  return { next: new Map(), pattern: undefined };
}

function children(next: Node["next"], words: readonly string[]): Node[] {
  return words.flatMap((word) => next.get(word) ?? []);
}
