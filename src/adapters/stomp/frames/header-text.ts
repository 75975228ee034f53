/**
 * Encodes and decodes STOMP headers: one line each, with escapes for the characters that would end it (STOMP 1.2,
 * "Value Encoding").
 */

export type StompVersion = "1.1" | "1.2";

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c" };
const UNESCAPES: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\c": ":" };

/** Escapes a name or value for writing. STOMP 1.1 has no escape for a carriage return: see findUnsendable. */
export function escapeHeader(text: string, version: StompVersion): string {
  if (!/[\\\n\r:]/.test(text)) return text;
  return text.replace(version === "1.2" ? /[\\\n\r:]/g : /[\\\n:]/g, (char) => ESCAPES[char] ?? char);
}

/** Decodes a name or value; `undefinedEscape` must have found nothing in it. */
export function unescapeHeader(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\[\\nrc]/g, (pair) => UNESCAPES[pair] ?? pair);
}

/** Returns the headers as they are written, each with its line end. */
export function headerLines(headers: Readonly<Record<string, string>>, version: StompVersion): string {
  let lines = "";
  for (const name in headers) {
    lines += `${escapeHeader(name, version)}:${escapeHeader(headers[name] as string, version)}\n`;
  }
  return lines;
}

/**
 * Returns the first escape in the text that the version does not define, which ends a connection; undefined if there is
 * none.
 */
export function undefinedEscape(text: string, version: StompVersion): string | undefined {
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", at + 2)) {
    const char = text[at + 1];
    // A backslash at the end of a line stands for itself, in stompit too.
    if (char === "\\" || char === "n" || char === "c" || char === "\n" || char === undefined) continue;
    if (char !== "r" || version === "1.1") return `\\${char}`;
  }
  return undefined;
}
