/** The order the model asks for: per destination, that of the confirmed sends of one connection. */
import type { Ledger, SentMessage, StorePlace } from "./ledger.ts";

export function orderViolations(ledger: Ledger, stored: ReadonlyMap<StorePlace, readonly string[]>): string[] {
  const places = new Set([...stored.keys(), ...ledger.handedOver.map(({ place }) => place)]);
  return [...places].flatMap((place) => {
    const left = stored.get(place) ?? [];
    // A second copy may be left of what another consumer has had before.
    if (ledger.contended.has(place)) return outOfOrder(place, known(ledger, left, 1));
    const handed = ledger.handedOver.filter((one) => one.place === place).map(({ body }) => body);
    return outOfOrder(place, known(ledger, [...handed, ...left], Number.POSITIVE_INFINITY));
  });
}

/** The confirmed ones, each where it was seen first. */
function known(ledger: Ledger, bodies: readonly string[], maxCopies: number): SentMessage[] {
  return [...new Set(bodies)]
    .map((body) => ledger.sent.get(body))
    .filter((sent) => sent !== undefined)
    .filter((sent) => sent.fate === "confirmed" && sent.maxCopies <= maxCopies);
}

function outOfOrder(place: StorePlace, messages: readonly SentMessage[]): string[] {
  const last = new Map<string, SentMessage>();
  return messages.flatMap((message) => {
    const before = last.get(message.stream);
    last.set(message.stream, message);
    if (before === undefined || before.at.tick < message.at.tick) return [];
    return [`${message.body} came after ${before.body} at ${place}; ${message.stream} had sent it before`];
  });
}
