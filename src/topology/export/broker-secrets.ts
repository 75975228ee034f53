/**
 * Writes a password of the description to a broker's configuration: as a placeholder, unless the description itself
 * contains the password.
 */
import type { Connector } from "../description/topology.ts";

/** A placeholder that the broker replaces at its start; the text itself if the description has a text. */
export function passwordText({ password }: Connector, connectorName: string): string | undefined {
  if (password === undefined || typeof password === "string") return password;
  return "env" in password ? `\${${password.env}}` : `\${${variableName(connectorName)}_PASSWORD}`;
}

function variableName(text: string): string {
  return text
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^(\d)/, "_$1");
}
