/** Lists of destinations by commas, which not every broker sends to or reads from at once. */
import { UnsupportedError } from "../../../errors/errors.ts";
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import { readsLists } from "./destination.ts";

/** @throws UnsupportedError where a list would be taken for a name. */
export function checkComposite(
  { destination }: { readonly destination: Destination },
  { broker }: { readonly broker: Broker },
): void {
  if (!destination.name.includes(",") || readsLists(broker)) return;
  const where = formatDestination(destination);
  throw new UnsupportedError(`${broker.product} has no composite destinations: use each of ${where} by itself`);
}
