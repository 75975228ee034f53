/**
 * Makes the error that points at a character of a URI, without showing anything that could be a user name or password.
 */
import { InvalidUriError } from "../errors/errors.ts";

/** Number of characters shown on either side of the caret. */
const WINDOW = 50;

/**
 * Makes an error with `what`, the position (from 0) and, where it is safe, the text with a caret below the character.
 */
export function invalidUri(text: string, position: number, what: string): InvalidUriError {
  return new InvalidUriError(`${what} (at character ${position} of the URI)${caretLines(text, position)}`, position);
}

/**
 * Whether the text from `position` on may be shown. Text before an `@` may be user-info, even if a stray `?`, `,` or
 * `/` in a password made it look like a host, an option or another endpoint. The text after an option such as
 * `jms.password=` may be a secret too.
 */
export function mayShow(text: string, position: number): boolean {
  return !/@|%40/i.test(text.slice(position)) && !SECRET_OPTION.test(text.slice(0, position));
}

/**
 * A Java option that holds a secret. The end of the secret is unknown: after an unescaped `&` its rest looks like an
 * option.
 */
const SECRET_OPTION = /(?<=pass|secret|token).+/is;

function caretLines(text: string, position: number): string {
  if (!mayShow(text, position)) return "";
  const shown = withoutSecrets(text);
  // The text itself may contain such a dot, after the position.
  const start = Math.min(position, Math.max(0, position - WINDOW, shown.lastIndexOf("·") + 1));
  const line = shown.slice(start, position + WINDOW).trimEnd();
  return line === "" ? "" : `\n  ${start > 0 ? "…" : " "}${line}\n   ${" ".repeat(position - start)}^`;
}

/**
 * Blanks everything that may be user-info: all text before the last `@`, option values, and everything from a
 * `user:password` whose `@host` was forgotten (no port follows). Each pattern is searched for in the whole text, so
 * that an `@` in a value does not hide a `=`. Lengths stay the same.
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
