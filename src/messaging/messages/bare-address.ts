import type { Destination } from "./destination.ts";

/** Options of sends whose destination is an address alone. */
const bare = new WeakSet<object>();

/** Says that the send with these options goes to an address whose kind nobody has named, as a reply does. */
export function markBareAddress(options: object): void {
  bare.add(options);
}

/** Returns where the send with these options goes. */
export function addressed(destination: Destination, options: object): Destination {
  return bare.has(options) ? { ...destination, bare: true } : destination;
}
