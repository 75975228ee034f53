/** Placeholders in brokers' configuration: `${NAME}`, `${NAME:default}`, as in Spring, Artemis and shells. */

const PLACEHOLDER = /\$\{([^{}:]+)(?::-?([^{}]*))?\}/g;
const UNKNOWN = /\$\{[^{}]*\}|#\{[^{}]*\}|\{\{[^{}]*\}\}/g;
/** A default may contain a placeholder; a text that keeps growing is left as it is. */
const MAX_ROUNDS = 5;

/** Replaces placeholders that have a value or a default; unknown ones are kept. */
export function replacePlaceholders(text: string, given: Readonly<Record<string, string>>): string {
  let found = text;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const next = found.replace(PLACEHOLDER, (whole, name: string, otherwise: string | undefined) =>
      Object.hasOwn(given, name.trim()) ? (given[name.trim()] ?? whole) : (otherwise ?? whole),
    );
    if (next === found || next.length > 100_000) break;
    found = next;
  }
  return found;
}

export function unknownPlaceholders(text: string): string[] {
  return text.match(UNKNOWN) ?? [];
}
