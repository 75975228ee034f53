/** Splits a query into decoded names and values: `a=1&b=x%20y`. */
import { invalidUri } from "./invalid-uri.ts";

/** A part of the URI and its position, so that an error can point at it. */
export interface Piece {
  readonly text: string;
  readonly at: number;
}

export interface QueryEntry {
  readonly name: string;
  /** undefined without a `=`. */
  readonly value: string | undefined;
  readonly at: number;
}

/** Removes the white space around a piece. */
export function trimmed({ text, at }: Piece): Piece {
  return { text: text.trim(), at: at + (text.length - text.trimStart().length) };
}

/** Splits `piece` wherever `isSeparator` returns true; positions are kept. */
export function split(piece: Piece, isSeparator: (index: number) => boolean): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = 0;
  for (let index = 0; index <= piece.text.length; index += 1) {
    if (index < piece.text.length && !isSeparator(index)) continue;
    pieces.push({ text: piece.text.slice(start, index), at: piece.at + start });
    start = index + 1;
  }
  return pieces;
}

/**
 * Returns the entries in order. Empty ones (`a=1&&b=2&`) are skipped as in Java; `+` and `%XX` are decoded in names and
 * values. Throws InvalidUriError for a fragment, raw white space and broken percent-encoding.
 */
export function readQuery(uri: string, query: Piece): readonly QueryEntry[] {
  const fragment = query.text.indexOf("#");
  if (fragment >= 0)
    throw invalidUri(uri, query.at + fragment, "A fragment has no meaning here; write # in a value as %23");
  return split(query, (index) => query.text[index] === "&")
    .map(trimmed)
    .filter(({ text }) => text !== "")
    .map((entry) => readEntry(uri, entry));
}

function readEntry(uri: string, entry: Piece): QueryEntry {
  const space = entry.text.search(/\s/);
  if (space >= 0) throw invalidUri(uri, entry.at + space, "A space inside an option; write it as %20");
  refuseOtherSeparators(uri, entry);
  const equals = entry.text.indexOf("=");
  const end = equals < 0 ? entry.text.length : equals;
  return {
    name: decoded(uri, { text: entry.text.slice(0, end), at: entry.at }),
    value: equals < 0 ? undefined : decoded(uri, { text: entry.text.slice(end + 1), at: entry.at + end + 1 }),
    at: entry.at,
  };
}

/**
 * Refuses a comma or semicolon that is followed by another option or stands in a name: the option behind it would
 * become part of the value before it.
 */
function refuseOtherSeparators(uri: string, { text, at }: Piece): void {
  // `&amp;`, copied from XML, has an error text of its own.
  const start = text.startsWith("amp;") ? "amp;".length : 0;
  const equals = text.indexOf("=", start);
  const inName = text.slice(start, equals < 0 ? text.length : equals).search(/[,;]/);
  const inValue = equals < 0 ? -1 : text.slice(equals).search(/[,;][A-Za-z][\w.-]{0,80}=/);
  const found = inName >= 0 ? start + inName : inValue >= 0 ? equals + inValue : -1;
  if (found < 0) return;
  const [sign, code] = text[found] === ";" ? ["semicolon", "%3B"] : ["comma", "%2C"];
  const what = `Options are separated by &, not by a ${sign}; write & here, or ${code} if the ${sign} is a part of the value`;
  throw invalidUri(uri, at + found, what);
}

function decoded(uri: string, { text, at }: Piece): string {
  return percentDecoded(uri, { text: text.replaceAll("+", " "), at });
}

/** Decodes `%XX` as UTF-8; throws InvalidUriError if that is impossible. */
export function percentDecoded(uri: string, { text, at }: Piece): string {
  const broken = text.search(/%(?![0-9a-f]{2})/i);
  if (broken >= 0) throw invalidUri(uri, at + broken, "Broken percent-encoding; write a % as %25");
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidUri(uri, at + text.indexOf("%"), "This percent-encoding is not UTF-8");
  }
}
