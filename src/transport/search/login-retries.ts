/**
 * When to try a login again that was refused after the first session: rarely enough that no directory locks the
 * account, and long enough to outlast a short failure of a directory. All endpoints share one schedule.
 */
import type { AttemptError, EndpointAddress } from "../../errors/errors.ts";

/** The waits after the first refusal, the second and so on, in ms; the last one repeats. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const LONGEST_WAIT_MS = 30_000;
/** After this time without a refusal the waits start again, in ms. */
const FORGOTTEN_AFTER_MS = 60_000;

export class LoginRetries {
  readonly #authRetryMs: number;
  /**
   * `performance.now()` of the first refusal since a login last succeeded or every endpoint answered without a refusal.
   */
  #firstMs: number | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #steps = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #refusedBy: EndpointAddress | undefined;

  constructor(authRetryMs: number) {
    this.#authRetryMs = authRetryMs;
  }

  /** The endpoint that refused last. The next round begins after it, so that each endpoint has its turn. */
  get refusedBy(): EndpointAddress | undefined {
    return this.#refusedBy;
  }

  /**
   * Counts a refusal. Returns the wait in ms; undefined when the time limit is reached. Refusals of logins that were
   * under way together each add their wait.
   */
  refused({ endpoint }: AttemptError, nowMs: number): number | undefined {
    if (nowMs - this.#lastMs > FORGOTTEN_AFTER_MS) this.#steps = 0;
    this.#firstMs ??= nowMs;
    this.#lastMs = nowMs;
    this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs) + (WAITS_MS[this.#steps] ?? LONGEST_WAIT_MS);
    this.#steps += 1;
    this.#refusedBy = endpoint;
    return this.over ? undefined : this.waitMs(nowMs);
  }

  /** Whether logins have been refused for longer than the user allows. */
  get over(): boolean {
    return this.#firstMs !== undefined && this.#lastMs - this.#firstMs >= this.#authRetryMs;
  }

  /** How long no login may be tried, in ms; 0 means one may be tried now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#notBeforeMs - nowMs);
  }

  /**
   * Every endpoint answered, and none refused the login. The waits stay, so that a group that comes and goes is not
   * asked more often.
   */
  noneRefused(): void {
    this.#firstMs = undefined;
  }

  /** A login succeeded. */
  good(): void {
    this.#firstMs = undefined;
    this.#steps = 0;
    this.#refusedBy = undefined;
  }
}
