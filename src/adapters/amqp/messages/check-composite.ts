/** Checks lists of destinations, which only some brokers can send to or read from at once. */
import { UnsupportedError } from "../../../errors/errors.ts";
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import { readsLists } from "./destination.ts";

/** @throws UnsupportedError if the broker would take a list for a name. */
export function checkComposite(
  { destination }: { readonly destination: Destination },
  { broker }: { readonly broker: Broker },
): void {
  if (!destination.name.includes(",") || readsLists(broker)) return;
  const where = formatDestination(destination);
  throw new UnsupportedError(`${broker.product} has no composite destinations: use each of ${where} by itself`);
}
