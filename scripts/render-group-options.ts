/**
 * Prints src/uri/options/group-options.ts from the option table: an interface whose doc comments are the table's
 * sentences, for editors to show.
 */
import type { OptionSpec } from "../src/uri/options/option-spec.ts";
import { OPTION_NAMES, OPTIONS, type OptionName } from "../src/uri/options/option-table.ts";

const HEAD = `/**
 * The options of a group as values, by their names in the table; what is absent or undefined was not said.
 *
 * Printed from src/uri/options/option-table.ts by npm run docs; change it there.
 */
import type { TableOptions } from "./option-table.ts";

/** Every option that a URI can have, by its name. */
export interface GroupOptions extends TableOptions {
`;

/** Returns the whole file. */
export function renderGroupOptions(): string {
  return `${HEAD}${OPTION_NAMES.map((name) => member(name, OPTIONS[name])).join("")}}\n`;
}

function member(name: OptionName, spec: OptionSpec): string {
  const unit = spec.unit === undefined ? "" : ` In ${spec.unit}.`;
  const text = `${spec.sentence}${unit} ${defaultOf(spec)}`.replaceAll("*/", "* /");
  const lines = wrap(text, 110);
  const comment =
    lines.length === 1 ? `  /** ${lines[0]} */\n` : `  /**\n${lines.map((line) => `   * ${line}\n`).join("")}   */\n`;
  return `${comment}  readonly ${name}?: TableOptions["${name}"];\n`;
}

function defaultOf({ default: value }: OptionSpec): string {
  return `Unless said: ${value}.`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
