/** Prints the table of warning codes in docs/errors.md from the doc comment of ConnectionWarning.code. */
import { readFileSync } from "node:fs";

const SOURCE = new URL("../src/messaging/port/adapter-settings.ts", import.meta.url);
/** A line of the comment that begins with a code. The description may go on in the next lines. */
const MEANING = /^`([A-Z_]+)`: (.*)$/;

/** Throws if a code of the type has no line in the comment, or a line has no code: the table would be incomplete. */
export function renderWarningTable(): string {
  const text = readFileSync(SOURCE, "utf8");
  const declaration = /interface ConnectionWarning \{\s*(\/\*\*[\s\S]*?\*\/)\s*readonly code:([^;]*);/.exec(text);
  const [, comment = "", type = ""] = declaration ?? [];
  const codes = [...type.matchAll(/"([A-Z_]+)"/g)].map(([, code = ""]) => code);
  const meanings = meaningsIn(comment);
  const missing = codes.filter((code) => !meanings.has(code));
  if (codes.length === 0 || missing.length > 0 || meanings.size !== codes.length) {
    throw new Error(
      `ConnectionWarning: ${codes.length} codes, ${meanings.size} explained; without a line: ${missing.join(", ")}`,
    );
  }
  const rows = [...meanings].map(([code, meaning]) => `| \`${code}\` | ${capitalized(meaning)} |`);
  return ["| code | meaning |", "| --- | --- |", ...rows].join("\n");
}

function meaningsIn(comment: string): ReadonlyMap<string, string> {
  const meanings = new Map<string, string>();
  let current: string | undefined;
  for (const line of comment.split("\n").map((text) => text.replace(/^\s*(\/\*\*|\*\/|\*)\s?/, "").trim())) {
    const [, code, meaning = ""] = MEANING.exec(line) ?? [];
    if (code !== undefined) {
      current = code;
      meanings.set(code, meaning);
    } else if (current !== undefined && line !== "") {
      meanings.set(current, `${meanings.get(current)} ${line}`);
    }
  }
  return meanings;
}

function capitalized(text: string): string {
  const sentence = text.replace(/\.$/, "");
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
}
