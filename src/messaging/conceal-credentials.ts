/** Takes the login out of what brokers say: they name the user in their errors, and a careless one might name more. */
import type { Credentials } from "../uri/endpoint.ts";

/** A function that puts `***` for the password wherever it stands, and for the user where that is a word of its own. */
export function concealing(credentials: Credentials | undefined): (text: string) => string {
  const { username = "", password = "" } = credentials ?? {};
  // As a word of its own only: a short name is part of many words.
  const user = new RegExp(
    `(?<![\\p{L}\\p{N}])${username.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\p{L}\\p{N}])`,
    "gu",
  );
  return (text) => {
    const shown = password === "" ? text : text.replaceAll(password, "***");
    return username === "" ? shown : shown.replace(user, "***");
  };
}
