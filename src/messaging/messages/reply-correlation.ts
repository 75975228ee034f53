/**
 * The id that a reply correlates to, as the protocol of the request encodes it: a ulong, a uuid or binary over AMQP. The text
 * that users see does not tell those from a string, and a requester compares value and type.
 */
const encodedIds = new WeakMap<object, Buffer>();

/** `carrier`: the request that was received, or the options of the send that answers it. */
export function keepCorrelation(carrier: object, encodedId: Buffer): void {
  encodedIds.set(carrier, encodedId);
}

/** Returns undefined where the id is a string. */
export function correlationOf(carrier: object): Buffer | undefined {
  return encodedIds.get(carrier);
}
