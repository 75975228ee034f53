/** Classic's wildcards in destination names: `*` for one word, `>` at the end for any more (DestinationFilter). */
import { Refusal } from "./refusal.ts";

/**
 * Whether the name is a pattern. @throws Refusal for Artemis's patterns, and for `>` elsewhere than at the end, which
 * Classic takes literally.
 */
export function isPattern(name: string): boolean {
  const words = name.split(".");
  if (words.includes("#")) throw Refusal.notDone(`the wildcard # ("${name}"; write > for any more words)`);
  if (words.slice(0, -1).includes(">")) throw Refusal.notDone(`wildcards > before the end ("${name}")`);
  return words.at(-1) === ">" || words.includes("*");
}

/** `A.>` also matches `A`. */
export function matchesPattern(pattern: string, name: string): boolean {
  const words = pattern.split(".");
  const open = words.at(-1) === ">";
  const fixed = open ? words.slice(0, -1) : words;
  const given = name.split(".");
  if (open ? given.length < fixed.length : given.length !== fixed.length) return false;
  return fixed.every((word, index) => word === "*" || word === given[index]);
}
