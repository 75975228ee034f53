/** The error that points at a character of a URI, without telling anything that could be a user name or password. */
import { InvalidUriError } from "../errors/errors.ts";

/** How much of the text is shown on either side of the caret. */
const WINDOW = 50;

/**
 * `what` with the position and, where it is safe, the text with a caret below the character. The position counts from 0.
 */
export function invalidUri(text: string, position: number, what: string): InvalidUriError {
  return new InvalidUriError(`${what} (at character ${position} of the URI)${caretLines(text, position)}`, position);
}

/**
 * Whether the text from `position` on may be shown. Whatever stands before an `@` may be user-info, even where a stray
 * `?`, `,` or `/` in a password made it look like a host, an option or another endpoint; and so may what follows an option
 * such as `jms.password=`.
 */
export function mayShow(text: string, position: number): boolean {
  return !/@|%40/i.test(text.slice(position)) && !SECRET_OPTION.test(text.slice(0, position));
}

/** A Java option that holds a secret, whose end nobody knows: an unescaped `&` in it makes the rest look like an option. */
const SECRET_OPTION = /(?<=pass|secret|token).+/is;

function caretLines(text: string, position: number): string {
  if (!mayShow(text, position)) return "";
  const shown = withoutSecrets(text);
  // The text may have such a dot of its own, behind the position.
  const start = Math.min(position, Math.max(0, position - WINDOW, shown.lastIndexOf("·") + 1));
  const line = shown.slice(start, position + WINDOW).trimEnd();
  return line === "" ? "" : `\n  ${start > 0 ? "…" : " "}${line}\n   ${" ".repeat(position - start)}^`;
}

/**
 * Blanks what may be user-info, which is all before the last `@`, option values, and all from a user:password on whose
 * `@host` was forgotten, so that no port follows. Each is looked for in the whole text: an `@` in a value hides no `=`. Lengths stay.
 */
function withoutSecrets(text: string): string {
  const beforeAt = /^.*(?:@|%40)/is.exec(text)?.[0].length ?? 0;
  const masked = text
    .replace(SECRET_OPTION, (rest) => "*".repeat(rest.length))
    .replace(/=[^&]*/g, (value) => `=${"*".repeat(value.length - 1)}`)
    .replace(/(?<=\/\/)[^\s,()?#/:[]*:(?!\d+(?:[\s,()?#/]|$)).+/s, (rest) => "*".repeat(rest.length))
    .replace(/\s/g, " ");
  return "·".repeat(beforeAt) + masked.slice(beforeAt);
}
