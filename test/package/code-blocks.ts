/**
 * The code blocks of the README and the docs. A block that cannot stand alone has a comment right above it, which no
 * reader of the page sees: `<!-- given`, the declarations that the block takes for granted, `-->`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface CodeBlock {
  /** Of the page, from the root of the package. */
  readonly page: string;
  /** Of the block's first line of code, counted from 1. */
  readonly line: number;
  /** After the backticks; empty for a block that does not say. */
  readonly language: string;
  /** The declarations of the comment above the block. */
  readonly given: string;
  readonly code: string;
}

/** Compiled by the tests, whichever of these names a block has. */
export const CHECKED_LANGUAGES: readonly string[] = ["js", "ts", "javascript", "typescript"];

export function readCodeBlocks(page: string, markdown: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const fences = /^(?:<!-- given\n(?<given>[\s\S]*?)\n-->\n)?```(?<language>.*)\n(?<code>[\s\S]*?)^```$/gm;
  for (const { index, groups = {}, 0: text } of markdown.matchAll(fences)) {
    const { given = "", language = "", code = "" } = groups;
    const codeAt = index + text.length - code.length - "```".length;
    blocks.push({ page, line: markdown.slice(0, codeAt).split("\n").length, language: language.trim(), given, code });
  }
  return blocks;
}

/** Of every page that the package ships. */
export function codeBlocksOf(root: string): readonly CodeBlock[] {
  const ofDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).sort();
  const pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...ofDocs.map((name) => join("docs", name))];
  return pages
    .filter((page) => page.endsWith(".md"))
    .flatMap((page) => readCodeBlocks(page, readFileSync(join(root, page), "utf8")));
}
