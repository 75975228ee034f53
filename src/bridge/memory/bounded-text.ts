/** Texts of messages as they are kept in memory: anybody may send long ones. */
import { createHash } from "node:crypto";

/** Longer ids are kept as their hash. */
export const MAX_ID_CHARACTERS = 512;

/** Returns the id; `sha256:` and a hash in its place when it is longer than 512 characters. */
export function boundedId(id: string): string {
  return id.length > MAX_ID_CHARACTERS ? `sha256:${createHash("sha256").update(id).digest("base64url")}` : id;
}

/** Returns a copy of the first characters. A plain slice would keep the whole text, or the frame it was cut from, in memory. */
export function ownedText(text: string, maxCharacters: number): string {
  const cut = text.length > maxCharacters ? `${text.slice(0, maxCharacters - 1)}…` : text;
  return Buffer.from(cut).toString();
}
