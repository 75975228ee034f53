/** What a peer says, made fit to print: an error goes to terminals and logs, where a control character is a command. */

/** Longer texts are cut: an error is read by people. */
const MAX_CHARACTERS = 64 * 1024;
/** How much of one text of the peer's is shown. */
const MAX_LINE_CHARACTERS = 300;

/**
 * The controls C0 and C1 with DEL, save tab and line feed; the separators that some logs take for a new line; and what
 * turns the direction of the text around it, or is not seen at all.
 */
const CONTROLS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/gu;

/** The text with every control character written out, such as `\x1b`, and at most 64 Ki of it. */
export function printable(text: string): string {
  const shown = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
  return shown.replace(CONTROLS, writtenOut);
}

/** The same for one text of a peer's within a sentence: at most 300 characters, and no line of its own. */
export function printableLine(text: string): string {
  const shown = text.length > MAX_LINE_CHARACTERS ? `${text.slice(0, MAX_LINE_CHARACTERS)}…` : text;
  return printable(shown).replace(/[\n\t]/g, writtenOut);
}

/** An error of a library's that may quote the peer, as it may be printed: itself, or a copy of what it says. */
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
