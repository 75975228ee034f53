/**
 * How long to wait before the next round, and when to give up. Its memory outlasts a single search, so that a broker
 * that accepts and drops at once causes no hot loop.
 */

import { LoginRetries } from "./login-retries.ts";

export interface ReconnectSettings {
  /** The wait after the first failed round of an outage, in ms. */
  readonly initialReconnectDelay: number;
  /** The wait before the first round after a loss, in ms: `initialReconnectDelay` if the user gave one, otherwise 0. */
  readonly delayAfterLoss: number;
  readonly maxReconnectDelay: number;
  /** The growth of the waits; undefined: our own curve, see {@link ReconnectPolicy.nextDelay}. */
  readonly backOffFactor: number | undefined;
  /** The number of failed rounds allowed in an outage; Infinity for no limit. */
  readonly maxReconnectRounds: number;
  /** The same limit before the first session. */
  readonly startupMaxRounds: number;
  /** A session that lasted this long, in ms, or was useful, ends the outage. */
  readonly minConnectTime: number;
  /**
   * The range in ms of a random delay before the first round after a loss, and the least wait between rounds: it
   * spreads a fleet.
   */
  readonly reconnectSpread: number;
  /** How long a refused login is tried again after the first session, in ms. */
  readonly authRetryMs: number;
}

/** Up to this wait, the waits are about a tenth of the outage so far; beyond it they double. */
const GENTLE_UNTIL_MS = 10_000;
const GENTLE_FACTOR = 1.1;
const STEEP_FACTOR = 2;
/** Each wait is lengthened or shortened at random by up to this share, so that clients do not stay in step. */
const JITTER = 0.1;
/**
 * Once waits double, they are shortened by up to this share: with a tenth, a fleet still comes in waves; with a half it
 * does not.
 */
const WIDE_JITTER = 0.5;

export class ReconnectPolicy {
  /** When a refused login may be tried again. */
  readonly logins: LoginRetries;
  readonly #settings: ReconnectSettings;
  readonly #random: () => number;
  #delayMs: number;
  #waitedMs = 0;
  #failedRounds = 0;
  #everConnected = false;

  /** `random` returns numbers from 0 to 1; a simulation passes in its own. */
  constructor(settings: ReconnectSettings, random: () => number = Math.random) {
    this.#settings = settings;
    this.logins = new LoginRetries(settings.authRetryMs);
    this.#random = random;
    this.#delayMs = settings.initialReconnectDelay;
  }

  /** How many more rounds may fail before the search ends; Infinity for no limit. */
  get roundsLeft(): number {
    const limit = this.#everConnected ? this.#settings.maxReconnectRounds : this.#settings.startupMaxRounds;
    return Math.max(0, limit - this.#failedRounds);
  }

  /** Notes the end of a session. Returns the wait before the first round, in ms. */
  sessionEnded(lastedMs: number, useful: boolean): number {
    // Failures before the first session counted against the other limit.
    if (!this.#everConnected) this.#failedRounds = 0;
    this.#everConnected = true;
    const { minConnectTime, delayAfterLoss, reconnectSpread } = this.#settings;
    const spread = this.#random() * reconnectSpread;
    if (!useful && lastedMs < minConnectTime) return Math.max(this.nextDelay(), delayAfterLoss) + spread;
    this.#delayMs = this.#settings.initialReconnectDelay;
    this.#waitedMs = 0;
    this.#failedRounds = 0;
    this.logins.good();
    return delayAfterLoss + spread;
  }

  /** Notes a failed round. */
  roundFailed(): void {
    this.#failedRounds += 1;
  }

  /**
   * The wait before the next round in ms; after a refused login the wait of the login schedule, whatever the backoff.
   */
  delayBeforeRound(nowMs: number): number {
    return this.logins.waitMs(nowMs) || this.nextDelay();
  }

  /**
   * The wait before the next round in ms. Without a factor from the user it is 1.1 at first, which keeps the wait at
   * about a tenth of the outage, so that the next active member is found within a tenth of it; later the factor is 2.
   * The wait is never much shorter than `reconnectSpread`, so that a fleet stays spread however long the outage is.
   */
  nextDelay(): number {
    const { maxReconnectDelay, backOffFactor, reconnectSpread } = this.#settings;
    const delay = Math.max(Math.min(this.#delayMs, maxReconnectDelay), reconnectSpread);
    this.#waitedMs += delay;
    const young = this.#waitedMs < GENTLE_UNTIL_MS;
    const factor = backOffFactor ?? (young ? GENTLE_FACTOR : STEEP_FACTOR);
    this.#delayMs = Math.min(this.#delayMs * factor, maxReconnectDelay);
    const spread = delay === reconnectSpread;
    const shortest = delay * (1 - (young || spread || factor === 1 ? JITTER : WIDE_JITTER));
    // The bound applies before the random share: otherwise many clients would wait for exactly the longest time and
    // come together.
    const longest = delay * (1 + JITTER);
    const bounded = spread ? longest : Math.min(longest, maxReconnectDelay);
    return shortest + (bounded - shortest) * this.#random();
  }
}
