/** Takes the login out of what brokers say: they name the user in their errors, and a careless one might name more. */
import type { Login } from "../../messaging/port/login.ts";

/** A function that puts `***` for the secret wherever it stands, and for the user where that is a word of its own. */
export function redactingCredentials(login: Login | undefined): (text: string) => string {
  const username = login?.username ?? "";
  const secret = login === undefined ? "" : "password" in login ? login.password : "token" in login ? login.token : "";
  // As a word of its own only: a short name is part of many words.
  const user = new RegExp(
    `(?<![\\p{L}\\p{N}])${username.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\p{L}\\p{N}])`,
    "gu",
  );
  return (text) => {
    const shown = secret === "" ? text : text.replaceAll(secret, "***");
    return username === "" ? shown : shown.replace(user, "***");
  };
}
