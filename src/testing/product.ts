/** How a member of the embedded group names itself in the handshake. */
import { readFileSync } from "node:fs";

export const PRODUCT = "masterslave-embedded";
/** This package's version. */
export const VERSION: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
