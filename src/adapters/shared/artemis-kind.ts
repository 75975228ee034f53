/** When Artemis is told whether a destination is a queue or a topic. */
import type { Destination } from "../../messaging/messages/destination.ts";

/** Whether the name has Artemis's form `ADDRESS::QUEUE`. */
export function isQualified({ name }: Destination): boolean {
  return name.includes("::");
}

/**
 * Whether Artemis is told the kind of a destination. Without it Artemis uses whatever exists: at a bare address, whose
 * kind is unknown, and at `ADDRESS::QUEUE`, whose queue has a kind already. There, with the kind of a queue, Artemis
 * 2.55.0 confirms a message to a queue of a multicast address and stores it nowhere; without a kind it stores it in
 * either (measured).
 */
export function tellsArtemisKind(destination: Destination): boolean {
  return !destination.bare && !isQualified(destination);
}
