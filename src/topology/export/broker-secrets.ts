/** How a password of the description stands in a broker's configuration: never as itself unless it stood there so. */
import type { Connector } from "../description/topology.ts";

/** A placeholder that the broker replaces when it starts; the text itself where the description has a text. */
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
