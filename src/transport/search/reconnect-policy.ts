/**
 * How long to wait before the next round, and when to give up: the memory that outlasts a single search, so that a
 * broker which accepts and drops at once is not asked in a hot loop.
 */

import { LoginRetries } from "./login-retries.ts";

export interface ReconnectSettings {
  /** Waited after the first failed round of an outage, ms. */
  readonly initialReconnectDelay: number;
  /** Waited before the first round after a loss, ms: `initialReconnectDelay` if the user gave one, else 0. */
  readonly delayAfterLoss: number;
  readonly maxReconnectDelay: number;
  /** undefined: our own curve, see {@link ReconnectPolicy.nextDelay}. */
  readonly backOffFactor: number | undefined;
  /** Failed rounds allowed in an outage; Infinity for no limit. */
  readonly maxReconnectRounds: number;
  /** The same until the first session ever. */
  readonly startupMaxRounds: number;
  /** A session that lasted this long, or did something useful, ends the outage, ms. */
  readonly minConnectTime: number;
  /** Up to so much is added before the first round after a loss, at random, and waits are no shorter, ms: it spreads a fleet. */
  readonly reconnectSpread: number;
  /** After a first session: for how long a refused login is asked again, ms. */
  readonly authRetryMs: number;
}

/** Up to here the wait is about a tenth of the outage so far; beyond it doubles. */
const GENTLE_UNTIL_MS = 10_000;
const GENTLE_FACTOR = 1.1;
const STEEP_FACTOR = 2;
/** Each wait is stretched or shortened by up to this share, so that clients do not march in step. */
const JITTER = 0.1;
/** Shortened by up to this once waits double: with a tenth a fleet still comes in waves, with half it does not. */
const WIDE_JITTER = 0.5;

export class ReconnectPolicy {
  /** When a refused login may be asked again. */
  readonly logins: LoginRetries;
  readonly #settings: ReconnectSettings;
  readonly #random: () => number;
  #delayMs: number;
  #waitedMs = 0;
  #failedRounds = 0;
  #everConnected = false;

  /** `random`: from 0 to 1; a simulation brings its own. */
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

  /** A session ended. Returns how long to wait before the first round, ms. */
  sessionEnded(lastedMs: number, useful: boolean): number {
    // What failed before the first session was counted against the other limit.
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

  /** A round failed. */
  roundFailed(): void {
    this.#failedRounds += 1;
  }

  /** The wait before the next round, ms: after a refused login its own, whatever the backoff. */
  delayBeforeRound(nowMs: number): number {
    return this.logins.waitMs(nowMs) || this.nextDelay();
  }

  /**
   * The wait before the next round, ms. Without a factor of the user's: 1.1 while the outage is young, which keeps the
   * wait at about a tenth of it, so that whoever takes over is found within a tenth of the outage; then 2. Never much
   * less than `reconnectSpread`: a fleet that is spread over it stays so, however long the outage.
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
    // Bounded before the dice are thrown: else many would wait for exactly the longest time, and come as one.
    const longest = delay * (1 + JITTER);
    const bounded = spread ? longest : Math.min(longest, maxReconnectDelay);
    return shortest + (bounded - shortest) * this.#random();
  }
}
