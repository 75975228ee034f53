/** Splits a selector into its tokens: JMS's subset of SQL-92 as ActiveMQ's parser reads it. */

export type Token =
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "number"; readonly value: number; readonly fraction: boolean }
  /** A keyword, in capitals, because the case of keywords does not matter. */
  | { readonly kind: "keyword"; readonly value: string }
  | { readonly kind: "name"; readonly value: string }
  | { readonly kind: "sign"; readonly value: string };

/** Thrown for a text that is no valid selector; the message says why. */
export class SelectorError extends Error {}

/** No real selector has more tokens. The limit also bounds the nesting. */
const MAX_TOKENS = 1_000;
const KEYWORDS = new Set("NOT AND OR BETWEEN LIKE ESCAPE IN IS TRUE FALSE NULL".split(" "));
const TOKEN =
  /\s+|(?<string>'(?:[^']|'')*')|(?<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[lL]?)|(?<name>[A-Za-z_$][\w$.]*)|(?<sign><>|<=|>=|[=<>+\-*/%(),])/y;

/** Returns the tokens. @throws SelectorError */
export function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const found = TOKEN.exec(text);
    if (!found) throw new SelectorError(`"${text[at]}" at character ${at + 1} begins no word of a selector`);
    const token = tokenOf(found.groups ?? {});
    if (token) tokens.push(token);
    if (tokens.length > MAX_TOKENS) throw new SelectorError(`It has more than ${MAX_TOKENS} words`);
  }
  return tokens;
}

function tokenOf({ string, number, name, sign }: Readonly<Record<string, string | undefined>>): Token | undefined {
  if (string !== undefined) return { kind: "string", value: string.slice(1, -1).replaceAll("''", "'") };
  if (number !== undefined)
    return { kind: "number", value: Number(number.replace(/l$/i, "")), fraction: /[.e]/i.test(number) };
  if (sign !== undefined) return { kind: "sign", value: sign };
  if (name === undefined) return undefined;
  const keyword = name.toUpperCase();
  return KEYWORDS.has(keyword) ? { kind: "keyword", value: keyword } : { kind: "name", value: name };
}
