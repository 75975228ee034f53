/** The figures of one direction of a link. */

export interface LinkCounts {
  /** Messages confirmed by the target and settled at the source. */
  forwarded: number;
  /** Messages stored by the source as dead letters. */
  deadLettered: number;
  /** Messages taken back to the group that they came from, for want of a consumer; not among the forwarded ones. */
  returned: number;
  /** Messages whose time to live ran out before the target had them. */
  expired: number;
  /** Messages not forwarded because of their path, or excluded; counted for topics, which deliver everything. */
  filtered: number;
  /** Messages taken and not forwarded, because the map hook said so. */
  dropped: number;
  /**
   * Messages forwarded without an id that another delivery of the same message would have: a kill may duplicate them.
   */
  withoutIdentity: number;
  /** Messages redelivered after the target had confirmed them, and settled without a second send. */
  recovered: number;
  /** Messages that ask for a reply at an address that exists only in the source group. */
  replyToUnreachable: number;
}

export function noCounts(): LinkCounts {
  return {
    forwarded: 0,
    deadLettered: 0,
    returned: 0,
    expired: 0,
    filtered: 0,
    dropped: 0,
    withoutIdentity: 0,
    recovered: 0,
    replyToUnreachable: 0,
  };
}

export function addCounts(a: LinkCounts, b: LinkCounts): LinkCounts {
  const sum = noCounts();
  for (const name of Object.keys(sum) as (keyof LinkCounts)[]) sum[name] = a[name] + b[name];
  return sum;
}
