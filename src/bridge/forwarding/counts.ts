/** The figures of one direction of a link. */

export interface LinkCounts {
  /** Confirmed by the target and settled at the source. */
  forwarded: number;
  /** Stored by the source as a dead letter. */
  deadLettered: number;
  /** Taken back to the group that they came from, for want of a consumer; they are not among the forwarded ones. */
  returned: number;
  /** Their time to live ran out before the target had them. */
  expired: number;
  /** Not forwarded by the rule of the path, or excluded: of topics, which bring everything. */
  filtered: number;
  /** Taken and not forwarded, as the map hook said. */
  dropped: number;
  /** Forwarded without an id that another delivery of the same message would have: a kill may double them. */
  withoutIdentity: number;
  /** Came again after the target had confirmed them, and were settled without a second send. */
  recovered: number;
  /** Ask for a reply at an address that exists in the source group alone. */
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
