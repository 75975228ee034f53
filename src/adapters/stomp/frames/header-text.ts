/** How STOMP writes headers: one line each, with escapes for what would end it (STOMP 1.2, "Value Encoding"). */

export type StompVersion = "1.1" | "1.2";

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", ":": "\\c" };
const UNESCAPES: Readonly<Record<string, string>> = { "\\\\": "\\", "\\n": "\n", "\\r": "\r", "\\c": ":" };

/** The name or value as it is written. 1.1 has no escape for a carriage return: see findUnsendable. */
export function escapeHeader(text: string, version: StompVersion): string {
  if (!/[\\\n\r:]/.test(text)) return text;
  return text.replace(version === "1.2" ? /[\\\n\r:]/g : /[\\\n:]/g, (char) => ESCAPES[char] ?? char);
}

/** The name or value as it was meant. Of a text that `undefinedEscape` has found nothing in. */
export function unescapeHeader(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(/\\[\\nrc]/g, (pair) => UNESCAPES[pair] ?? pair);
}

/** The headers as they are written, each with its line end. */
export function headerLines(headers: Readonly<Record<string, string>>, version: StompVersion): string {
  let lines = "";
  for (const name in headers) {
    lines += `${escapeHeader(name, version)}:${escapeHeader(headers[name] as string, version)}\n`;
  }
  return lines;
}

/** The first escape in the text that the version does not have, which ends a connection; undefined when there is none. */
export function undefinedEscape(text: string, version: StompVersion): string | undefined {
  for (let at = text.indexOf("\\"); at >= 0; at = text.indexOf("\\", at + 2)) {
    const char = text[at + 1];
    // At the end of a line it stands for itself, to stompit too.
    if (char === "\\" || char === "n" || char === "c" || char === "\n" || char === undefined) continue;
    if (char !== "r" || version === "1.1") return `\\${char}`;
  }
  return undefined;
}
