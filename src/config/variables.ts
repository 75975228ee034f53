/** Replaces `${NAME}` and `${NAME:-default}` in the values of a configuration; `$${` stands for `${`. */
import type { FindingDetails } from "./config-document.ts";

const VARIABLE = /\$\$\{|\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * Replaces the variables of one value. This happens after the text was parsed, so a value cannot add keys. Calls
 * `missing` for each variable that is not set and has no default, and leaves that variable as it is.
 */
export function substituteVariables(
  text: string,
  env: Readonly<Record<string, string | undefined>>,
  missing: (name: string) => void,
): string {
  return text.replace(VARIABLE, (whole, name: string | undefined, otherwise: string | undefined) => {
    if (name === undefined) return "${";
    const value = env[name] || otherwise;
    if (value !== undefined) return value;
    if (env[name] !== undefined) return "";
    missing(name);
    return whole;
  });
}

/** The finding about a variable that is not set. */
export function variableFinding(name: string): FindingDetails {
  const message = `The environment variable ${name} is not set`;
  const advice = `Set ${name}, or write \${${name}:-value} with what to take otherwise; $\${ stands for \${ itself`;
  return { code: "CONFIG_VARIABLE", path: [], message, advice };
}
