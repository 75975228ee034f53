import type { Destination } from "./destination.ts";

/** Options of sends whose destination is only an address. */
const bare = new WeakSet<object>();

/** Marks the send with these options as going to an address of unknown kind, as a reply does. */
export function markBareAddress(options: object): void {
  bare.add(options);
}

/** Returns the destination of the send with these options. */
export function addressed(destination: Destination, options: object): Destination {
  return bare.has(options) ? { ...destination, bare: true } : destination;
}
