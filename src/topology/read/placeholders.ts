/** Placeholders in brokers' configuration: `${NAME}`, `${NAME:default}`, as Spring, Artemis and shells have them. */

const PLACEHOLDER = /\$\{([^{}:]+)(?::-?([^{}]*))?\}/g;
const UNKNOWN = /\$\{[^{}]*\}|#\{[^{}]*\}|\{\{[^{}]*\}\}/g;
/** A default may hold a placeholder itself; a text that goes on growing is left as it is. */
const MAX_ROUNDS = 5;

/** Replaces what is given or has a default; what remains unknown stays as it is written. */
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
