/** The limit on the consumers of a group that are remembered. */

/** With more consumers than this, the broker counts as not reporting them. */
export const MAX_CONSUMERS = 10_000;

/** @throws Error when there are more consumers than are kept. */
export function checkConsumerCount(count: number): void {
  if (count > MAX_CONSUMERS) throw new Error(`there are more than ${MAX_CONSUMERS} consumers`);
}
