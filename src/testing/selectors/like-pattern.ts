/** Matches patterns of LIKE: `%` stands for any characters, `_` for one. */
import { SelectorError } from "./tokens.ts";

/** The longest pattern: a piece with `_` costs its length for each character of a text. No real pattern is longer. */
const MAX_CHARACTERS = 1_024;

/** A part of a pattern without `%`; undefined stands for any one character. */
type Piece = readonly (string | undefined)[];

export class LikePattern {
  /** The parts between the `%` of the pattern: the first piece begins the text, and the last one ends it. */
  readonly #pieces: readonly Piece[];

  /** @throws SelectorError for a pattern that is too long. */
  constructor(pattern: string, escapedBy: string | undefined) {
    if (pattern.length > MAX_CHARACTERS)
      throw new SelectorError(`A pattern of LIKE has more than ${MAX_CHARACTERS} characters`);
    let piece: (string | undefined)[] = [];
    const pieces = [piece];
    const characters = [...pattern];
    for (let at = 0; at < characters.length; at++) {
      const [character = "", next = ""] = characters.slice(at, at + 2);
      if (character === escapedBy && next !== "" && ["_", "%", escapedBy].includes(next)) {
        piece.push(next);
        at++;
      } else if (character === "%") {
        piece = [];
        pieces.push(piece);
      } else piece.push(character === "_" ? undefined : character);
    }
    this.#pieces = pieces;
  }

  /** Takes for each piece the first place where it fits: that leaves most of the text to the pieces after it. */
  matches(text: string): boolean {
    const characters = [...text];
    const [first = [], ...others] = this.#pieces;
    const last = others.pop();
    if (last === undefined) return characters.length === first.length && fits(first, characters, 0);
    const end = characters.length - last.length;
    if (end < first.length || !fits(first, characters, 0) || !fits(last, characters, end)) return false;
    let at = first.length;
    for (const piece of others) {
      at = endOf(piece, characters, at, end);
      if (at < 0) return false;
    }
    return true;
  }
}

function fits(piece: Piece, characters: readonly string[], at: number): boolean {
  return piece.every((wanted, index) => wanted === undefined || wanted === characters[at + index]);
}

/** Where the first occurrence of the piece between `from` and `to` ends; -1 if there is none. */
function endOf(piece: Piece, characters: readonly string[], from: number, to: number): number {
  if (!piece.includes(undefined)) return endOfLiteral(piece, characters, from, to);
  for (let at = from; at + piece.length <= to; at++) if (fits(piece, characters, at)) return at + piece.length;
  return -1;
}

/** The search of Knuth, Morris and Pratt: it never looks at a character of the text again. */
function endOfLiteral(piece: Piece, characters: readonly string[], from: number, to: number): number {
  if (piece.length === 0) return from;
  const borders = bordersOf(piece);
  let matched = 0;
  for (let at = from; at < to; at++) {
    matched = extended(matched, characters[at], piece, borders);
    if (matched === piece.length) return at + 1;
  }
  return -1;
}

/** For each beginning of the piece, the length of the longest shorter one that it ends with. */
function bordersOf(piece: Piece): readonly number[] {
  const borders = [0];
  for (let at = 1; at < piece.length; at++) borders.push(extended(borders[at - 1] ?? 0, piece[at], piece, borders));
  return borders;
}

function extended(length: number, by: string | undefined, piece: Piece, borders: readonly number[]): number {
  let matched = length;
  while (matched > 0 && piece[matched] !== by) matched = borders[matched - 1] ?? 0;
  return piece[matched] === by ? matched + 1 : 0;
}
