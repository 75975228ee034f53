/** Which destinations the embedded group has: plain queues and topics; everything else is refused by name. */
import { type Destination, parseDestination } from "../../messaging/destination.ts";
import { Refusal } from "./refusal.ts";

/** As parseDestination. @throws Refusal for temporary, composite and wildcard destinations and for what is no destination. */
export function destinationFrom(text: string): Destination {
  if (/^\/?(remote-)?temp-(queue|topic)(:\/\/|\/)/.test(text))
    throw Refusal.notDone(`temporary destinations ("${text}")`);
  const destination = parsed(text);
  if (destination.name.includes(",")) throw Refusal.notDone(`composite destinations ("${text}")`);
  if (destination.name.split(".").some((segment) => segment === "*" || segment === ">" || segment === "#")) {
    throw Refusal.notDone(`wildcards in destinations ("${text}")`);
  }
  return destination;
}

function parsed(text: string): Destination {
  try {
    return parseDestination(text);
  } catch (cause) {
    throw Refusal.from(cause);
  }
}
