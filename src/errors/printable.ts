/** Makes texts of a peer safe to print: errors go to terminals and logs, where control characters are commands. */

/** Longer texts are cut: an error is read by people. */
const MAX_CHARACTERS = 64 * 1024;
/** The longest shown text of a peer. */
const MAX_LINE_CHARACTERS = 300;

/**
 * The controls C0 and C1 with DEL, except tab and line feed; separators that some logs take for a new line; direction
 * marks and invisible characters.
 */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** Escapes every control character, as in `\x1b`, and cuts the text at 64 Ki characters. */
export function printable(text: string): string {
  const shown = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  return shown.replace(CONTROLS, writtenOut);
}

/** The same for one text of a peer inside a sentence: on one line, and at most 300 characters unless said. */
export function printableLine(text: string, maxCharacters = MAX_LINE_CHARACTERS): string {
  const shown = text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
  return printable(shown).replace(/[\n\t]/g, writtenOut);
}

/** A library's error, which may quote the peer, made safe to print: itself, or a cleaned copy. */
export function printableError(error: Error): Error {
  const message = printable(error.message);
  if (message === error.message) return error;
  const copy = new Error(message);
  copy.stack = printable(error.stack ?? message);
  return copy;
}

function writtenOut(character: string): string {
  const code = character.charCodeAt(0);
  if (character === "\n") return "\\n";
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
