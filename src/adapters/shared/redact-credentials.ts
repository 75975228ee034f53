/** Redacts the login in texts of brokers: their errors name the user, and a careless broker might show more. */
import type { Login } from "../../messaging/port/login.ts";

/** A shorter secret occurs in many words: replacing it by `***` would reveal it and make the text unreadable. */
const SHORTEST_REPLACED = 4;

/** Replaces a peer's text that contains a short secret. */
export const LEFT_OUT =
  "(left out: the peer's text contains the secret of the login, which is too short to be replaced in it)";

/**
 * Returns a function that replaces the secret by `***` wherever it occurs, and the user where it is a word of its own.
 * A secret of under four characters is not replaced: a text that contains it is left out whole, and LEFT_OUT says so.
 */
export function redactingCredentials(login: Login | undefined): (text: string) => string {
  const username = login?.username ?? "";
  const secret = login === undefined ? "" : "password" in login ? login.password : "token" in login ? login.token : "";
  const short = [...secret].length < SHORTEST_REPLACED;
  // Only as a whole word, because a short name is part of many words.
  const user = new RegExp(
    `(?<![\\p{L}\\p{N}])${username.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\p{L}\\p{N}])`,
    "gu",
  );
  return (text) => {
    if (secret !== "" && short && text.includes(secret)) return LEFT_OUT;
    const shown = secret === "" ? text : text.replaceAll(secret, "***");
    return username === "" ? shown : shown.replace(user, "***");
  };
}
