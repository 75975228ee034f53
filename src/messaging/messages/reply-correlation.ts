/**
 * The id that a reply must repeat, as the protocol of the request encodes it: a ulong, a uuid or binary over AMQP. As
 * text these look like strings, but a requester compares both value and type.
 */
const encodedIds = new WeakMap<object, Buffer>();

/** `carrier` is the received request, or the options of the send that answers it. */
export function keepCorrelation(carrier: object, encodedId: Buffer): void {
  encodedIds.set(carrier, encodedId);
}

/** Returns undefined if the id is a string. */
export function correlationOf(carrier: object): Buffer | undefined {
  return encodedIds.get(carrier);
}
