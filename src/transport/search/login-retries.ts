/**
 * When a login that was refused after the first session is asked again: so seldom that no directory locks the account, and
 * for so long that a directory may have its hiccup. One schedule for all endpoints together.
 */
import type { AttemptError, EndpointAddress } from "../../errors/errors.ts";

/** After the first refusal, the second, and so on; after the last of them always the last, ms. */
const WAITS_MS = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000] as const;
const LONGEST_WAIT_MS = 30_000;
/** After so long without a refusal the waits begin anew, ms. */
const FORGOTTEN_AFTER_MS = 60_000;

export class LoginRetries {
  readonly #authRetryMs: number;
  /** The first refusal since a login was last good or every endpoint answered without one; `performance.now()`. */
  #firstMs: number | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #steps = 0;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #refusedBy: EndpointAddress | undefined;

  constructor(authRetryMs: number) {
    this.#authRetryMs = authRetryMs;
  }

  /** Who refused last; the next round begins behind it, so that each endpoint has its turn. */
  get refusedBy(): EndpointAddress | undefined {
    return this.#refusedBy;
  }

  /** Refusals of logins that were under way together each add their wait. Returns it, ms; undefined when it is enough. */
  refused({ endpoint }: AttemptError, nowMs: number): number | undefined {
    if (nowMs - this.#lastMs > FORGOTTEN_AFTER_MS) this.#steps = 0;
    this.#firstMs ??= nowMs;
    this.#lastMs = nowMs;
    this.#notBeforeMs = Math.max(this.#notBeforeMs, nowMs) + (WAITS_MS[this.#steps] ?? LONGEST_WAIT_MS);
    this.#steps += 1;
    this.#refusedBy = endpoint;
    return this.over ? undefined : this.waitMs(nowMs);
  }

  /** Refused for as long as the user would wait. */
  get over(): boolean {
    return this.#firstMs !== undefined && this.#lastMs - this.#firstMs >= this.#authRetryMs;
  }

  /** How long no login may be asked, ms; 0 for now. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#notBeforeMs - nowMs);
  }

  /** Every endpoint answered, and none refused the login. The waits are kept: who comes and goes is not asked more often. */
  noneRefused(): void {
    this.#firstMs = undefined;
  }

  /** A login was good. */
  good(): void {
    this.#firstMs = undefined;
    this.#steps = 0;
    this.#refusedBy = undefined;
  }
}
