/**
 * The destinations of the embedded group: queues and topics, patterns and comma lists of them, and temporary queues.
 */
import { type Destination, membersOf, parseDestination } from "../../messaging/messages/destination.ts";
import { isPattern } from "./name-pattern.ts";
import { Refusal } from "./refusal.ts";

const REMOTE_TEMPORARY = "/remote-temp-queue/";

/**
 * Like parseDestination. @throws Refusal for temporary topics, unsupported patterns and anything that is no
 * destination.
 */
export function destinationFrom(text: string): Destination {
  if (/^(temp-topic:\/\/|\/?(remote-)?temp-topic\/)/.test(text)) throw Refusal.notDone(`temporary topics ("${text}")`);
  if (text.startsWith(REMOTE_TEMPORARY)) return { kind: "temp-queue", name: text.slice(REMOTE_TEMPORARY.length) };
  const destination = refusing(() => parseDestination(text));
  for (const member of destinationsOf(destination)) isPattern(member.name);
  return destination;
}

/** The members of a comma list; most destinations list only themselves. */
export function destinationsOf(destination: Destination): readonly Destination[] {
  return destination.kind === "temp-queue" ? [destination] : refusing(() => membersOf(destination));
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw Refusal.from(cause);
  }
}
