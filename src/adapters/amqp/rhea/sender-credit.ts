/** The credit that a peer grants to a link of ours that sends: rhea counts it down one by one, for ever where it is below zero. */

import type { Sender } from "rhea";
import { linkInternalsOf, type RheaLink } from "./rhea-internals.ts";

/** Both are uints, or not there. */
interface GrantingFlow {
  delivery_count?: number | null;
  link_credit?: number | null;
}

/**
 * Has the flow frame say what is left of the credit now, before rhea reads it: a peer that takes credit back may grant
 * less than has been sent by then (AMQP 1.0, 2.6.7), and rhea would count on below zero.
 */
export function holdCredit(link: RheaLink, flow: GrantingFlow): void {
  const { delivery_count: sent } = link;
  const behind = (sent - (flow.delivery_count ?? 0)) | 0;
  flow.link_credit = Math.max(0, (flow.link_credit ?? 0) - behind);
  flow.delivery_count = sent;
  link._get_drain = giveUp;
}

/** As rhea's own, without its loop. */
function giveUp(this: RheaLink): boolean {
  const drains = this._draining === true && this._drained === true && this.credit > 0;
  if (drains) {
    this.delivery_count += this.credit;
    this.credit = 0;
  }
  this.delivery_count >>>= 0;
  return drains;
}

/** The credit that a sender has left of what the peer granted. */
export function creditOf(sender: Sender): number {
  return linkInternalsOf(sender).credit;
}

/** How much credit the transfers of a sender, and draining, have used up; starts anew past 2^32 - 1. */
export function deliveryCountOf(sender: Sender): number {
  return linkInternalsOf(sender).delivery_count;
}
