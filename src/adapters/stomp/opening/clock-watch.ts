/**
 * Compares our clock with those that put timestamps on messages. Over STOMP we send a time to live as a time of our
 * clock. If our clock is behind the broker's, a message lives for less time than asked, or not at all, although the
 * broker confirms it.
 */
import { type EndpointAddress, formatAddress } from "../../../errors/errors.ts";
import type { AdapterSettings } from "../../../messaging/port/adapter-settings.ts";
import type { HeaderBlock } from "../frames/header-block.ts";

/** What a warning needs to know about the peer. */
interface WarnedOf {
  readonly endpoint: EndpointAddress;
  readonly onWarning: AdapterSettings["onWarning"];
}

/** Synchronised clocks differ by less than this. */
const TOLERANCE_MS = 1_000;
/** Checks the first message, and then one in this many: a clock is wrong for all of them. */
const EVERY = 1024;

export class ClockWatch {
  #seen = 0;
  /** The longest time by which a message's timestamp was ahead of our clock. */
  #behindMs = 0;
  #sendsTimesToLive = false;
  #told = false;

  /**
   * A MESSAGE has arrived. Both brokers put a timestamp on messages that arrive over STOMP, and pass on the timestamps
   * of other clients. A timestamp in the future means that two clocks differ. One in the past means nothing, because
   * the message may have been stored.
   */
  noteMessage(headers: HeaderBlock, peer: WarnedOf): void {
    if (this.#told || this.#seen++ % EVERY !== 0) return;
    const stampedMs = Number(headers.get("timestamp"));
    if (!Number.isSafeInteger(stampedMs)) return;
    this.#behindMs = Math.max(this.#behindMs, stampedMs - Date.now());
    this.#tell(peer);
  }

  /** A SEND with an expiry is written. */
  noteTimeToLive(peer: WarnedOf): void {
    this.#sendsTimesToLive = true;
    this.#tell(peer);
  }

  #tell({ endpoint, onWarning }: WarnedOf): void {
    if (this.#told || !this.#sendsTimesToLive || this.#behindMs <= TOLERANCE_MS) return;
    this.#told = true;
    const ms = this.#behindMs;
    const message = `This machine's clock is at least ${ms} ms behind the one that stamped a message from ${formatAddress(endpoint)}, its broker's or its sender's. Over STOMP ttlMs is sent as a time of this clock: a message expires that much too early, and with a ttlMs of less it is confirmed and gone. Synchronise the clocks, or send over AMQP, which sends how long a message lives`;
    // Not in the middle of a send: what a listener sends or consumes would come before it.
    queueMicrotask(() => onWarning({ code: "CLOCK_BEHIND", message, endpoint }));
  }
}
