/**
 * The credit that a peer grants to a sender link of ours: rhea counts it down one by one, for ever if it is below zero.
 */

import type { Sender } from "rhea";
import { linkInternalsOf, type RheaLink } from "./rhea-internals.ts";

/** Both are uints, or missing. */
interface GrantingFlow {
  delivery_count?: number | null;
  link_credit?: number | null;
}

/**
 * Corrects the flow frame before rhea reads it, so that it states the credit left now. A peer that withdraws credit may
 * grant less than was already sent (AMQP 1.0, 2.6.7), and rhea would count on below zero.
 */
export function holdCredit(link: RheaLink, flow: GrantingFlow): void {
  const { delivery_count: sent } = link;
  const behind = (sent - (flow.delivery_count ?? 0)) | 0;
  flow.link_credit = Math.max(0, (flow.link_credit ?? 0) - behind);
  flow.delivery_count = sent;
  link._get_drain = giveUp;
}

/** Like rhea's own method, without its loop. */
function giveUp(this: RheaLink): boolean {
  const drains = this._draining === true && this._drained === true && this.credit > 0;
  if (drains) {
    this.delivery_count += this.credit;
    this.credit = 0;
  }
  this.delivery_count >>>= 0;
  return drains;
}

/** Returns how many more messages the peer lets the sender send now. */
export function creditOf(sender: Sender): number {
  return linkInternalsOf(sender).credit;
}

/** The credit that a sender's transfers and draining have used; wraps at 2^32. */
export function deliveryCountOf(sender: Sender): number {
  return linkInternalsOf(sender).delivery_count;
}
