/** Which destinations the embedded group has: queues and topics, patterns and comma lists of them, and temporary queues. */
import { type Destination, membersOf, parseDestination } from "../../messaging/messages/destination.ts";
import { isPattern } from "./name-pattern.ts";
import { Refusal } from "./refusal.ts";

const REMOTE_TEMPORARY = "/remote-temp-queue/";

/** As parseDestination. @throws Refusal for temporary topics, patterns of others and for what is no destination. */
export function destinationFrom(text: string): Destination {
  if (/^(temp-topic:\/\/|\/?(remote-)?temp-topic\/)/.test(text)) throw Refusal.notDone(`temporary topics ("${text}")`);
  if (text.startsWith(REMOTE_TEMPORARY)) return { kind: "temp-queue", name: text.slice(REMOTE_TEMPORARY.length) };
  const destination = refusing(() => parseDestination(text));
  for (const member of destinationsOf(destination)) isPattern(member.name);
  return destination;
}

/** What a comma list names; most are their own only member. */
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
