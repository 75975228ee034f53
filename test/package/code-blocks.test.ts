/** Every block of code in the README and the docs compiles in a strict TypeScript project, against the built package. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CHECKED_LANGUAGES, type CodeBlock, codeBlocksOf, readCodeBlocks } from "./code-blocks.ts";
import { compileStrictly, ROOT } from "./compile-strictly.ts";

/** What is printed, configured or typed into a shell. */
const OTHER_LANGUAGES = ["sh", "text", "xml", "yaml"];
/** The blocks lie, for the compiler, beside the tests of the network: those about them import as they do. */
const FOLDER = join(ROOT, "test", "network");
/** Of other packages, what the blocks use of them. */
const FOREIGN_MODULES = `
declare module "@nestjs/common" {
  export function Injectable(): ClassDecorator;
  export interface OnModuleInit { onModuleInit(): unknown }
  export interface OnApplicationShutdown { onApplicationShutdown(signal?: string): unknown }
}
declare module "express" {
  export interface Request { readonly url: string }
  export interface Response { status(code: number): this; json(body: unknown): this }
}
`;

const blocks = codeBlocksOf(ROOT);
const checked = blocks.filter(({ language }) => CHECKED_LANGUAGES.includes(language));

/** What the compiler says of the blocks, each with its page and the line there. */
function complaintsOf(sources: readonly CodeBlock[]): readonly string[] {
  const texts = new Map([[join(FOLDER, "foreign-modules.d.ts"), FOREIGN_MODULES]]);
  const byFile = new Map<string, CodeBlock>();
  for (const block of sources) {
    const file = join(FOLDER, `${block.page.replace(/\W/g, "-")}-${block.line}.ts`);
    texts.set(file, `${block.given}\n${block.code}\nexport {};\n`);
    byFile.set(file, block);
  }
  return compileStrictly(texts).map(({ file, line, text }) => {
    const block = byFile.get(file);
    if (!block) return `${file}:${line} ${text}`;
    return `${block.page}:${block.line + line - 1 - block.given.split("\n").length} ${text}`;
  });
}

describe("the code blocks of the README and the docs", () => {
  it("name a language each: one that is compiled here, or one in which no code of a program is written", () => {
    const others = blocks.filter(({ language }) => ![...CHECKED_LANGUAGES, ...OTHER_LANGUAGES].includes(language));
    expect(others.map(({ page, line, language }) => `${page}:${line} "${language}"`)).toEqual([]);
  });

  it("compile strictly, with what the comment above them takes for granted", () => {
    expect(checked.length).toBeGreaterThan(10);
    expect(complaintsOf(checked)).toEqual([]);
  });

  it("are complained of at their line when they do not compile", () => {
    const page = "text\n\n<!-- given\ndeclare const n: number;\n-->\n```ts\nn.toFixed();\nn.toFixd();\n```\n";
    const blocksOfPage = readCodeBlocks("page.md", page);
    expect(blocksOfPage).toMatchObject([{ line: 7, language: "ts", given: "declare const n: number;" }]);
    expect(complaintsOf(blocksOfPage)).toEqual([expect.stringMatching(/^page\.md:8 .*toFixd/)]);
  });
});
