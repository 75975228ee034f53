/** The destination of a consumer, as a broker announces it. */
import { type DestinationPattern, parsePattern } from "../routing/pattern.ts";

/** Returns the destination; undefined for what no link can name: temporary queues, and names that are no pattern. */
export function announcedPattern(kind: "queue" | "topic", name: string): DestinationPattern | undefined {
  if (name.startsWith("ID:")) return undefined;
  try {
    return parsePattern(`${kind}://${name}`);
  } catch {
    return undefined;
  }
}
