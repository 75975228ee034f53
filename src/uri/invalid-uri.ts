/** The error that points at a character of a URI, without telling anything that could be a user name or password. */
import { InvalidUriError } from "../errors.ts";

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
 * `?`, `,` or `/` in a password made it look like a host, an option or another endpoint.
 */
export function mayShow(text: string, position: number): boolean {
  return !/@|%40/i.test(text.slice(position));
}

function caretLines(text: string, position: number): string {
  if (!mayShow(text, position)) return "";
  const shown = withoutSecrets(text.replace(/^.*(?:@|%40)/is, (before) => "·".repeat(before.length)));
  // The text may have such a dot of its own, behind the position.
  const start = Math.min(position, Math.max(0, position - WINDOW, shown.lastIndexOf("·") + 1));
  const line = shown.slice(start, position + WINDOW).trimEnd();
  return line === "" ? "" : `\n  ${start > 0 ? "…" : " "}${line}\n   ${" ".repeat(position - start)}^`;
}

/** Blanks option values, and user:password where the `@host` was forgotten, so that no port follows; lengths stay. */
function withoutSecrets(text: string): string {
  return text
    .replace(/=[^&]*/g, (value) => `=${"*".repeat(value.length - 1)}`)
    .replace(/(?<=\/\/)[^\s,()?#/:[]*:(?!\d+(?:[\s,()?#/]|$))[^\s,()?#/]+/g, (userInfo) => "*".repeat(userInfo.length))
    .replace(/\s/g, " ");
}
