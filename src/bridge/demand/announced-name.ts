/** The destination of a consumer, as a broker announces it. */
import { type DestinationPattern, parsePattern } from "../routing/pattern.ts";

/**
 * Returns the destination; undefined for one that no link can name: a temporary queue, or a name that is no valid
 * pattern.
 */
export function announcedPattern(kind: "queue" | "topic", name: string): DestinationPattern | undefined {
  if (name.startsWith("ID:")) return undefined;
  try {
    return parsePattern(`${kind}://${name}`);
  } catch {
    return undefined;
  }
}
