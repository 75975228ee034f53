/**
 * Simulates a fleet that has lost its broker at one moment: how many connections a second it tries, and how it comes
 * back.
 */
import type { Schedule, Waits } from "./schedules.ts";

/**
 * Returns the dials in each bucket of `bucketMs`, from the loss to the end of the outage; every dial is refused at
 * once.
 */
export function simulateOutage(
  schedule: Schedule,
  fleet: {
    readonly clients: number;
    readonly outageMs: number;
    readonly bucketMs: number;
    readonly random: () => number;
  },
): Uint32Array {
  const { clients, outageMs, bucketMs, random } = fleet;
  const dials = new Uint32Array(Math.ceil(outageMs / bucketMs));
  for (let client = 0; client < clients; client += 1) {
    const waits = schedule.start(random);
    for (let at = waits.first; at < outageMs; at += waits.next()) {
      const bucket = Math.floor(at / bucketMs);
      dials[bucket] = (dials[bucket] ?? 0) + schedule.dialsPerStep;
    }
  }
  return dials;
}

export interface ReturnOptions {
  readonly clients: number;
  readonly outageMs: number;
  /** How many handshakes the new master finishes in a second. One whose client has gone takes as long as any other. */
  readonly acceptsPerSecond: number;
  /** How long the n-th attempt in a row may wait for its handshake, in ms. */
  readonly patienceMs: (attempt: number) => number;
  readonly random: () => number;
  /** Clients that are not back by then are given up, in ms after the end of the outage. */
  readonly horizonMs: number;
}

export interface Return {
  /**
   * Times of return in ms since the end of the outage, sorted; clients that were not back by the horizon are missing.
   */
  readonly backMs: readonly number[];
  /** How many connects the new master got. */
  readonly connects: number;
  readonly peakPer100Ms: number;
  /** How many handshakes it finished for clients that had given up. */
  readonly wasted: number;
}

const STEP_MS = 10;

/** One endpoint accepts everybody, and the other refuses. Attempts wait in the order they came. */
export function simulateReturn(schedule: Schedule, options: ReturnOptions): Return {
  const fleet = new ReturningFleet(schedule, options);
  while (fleet.step());
  return fleet.result();
}

class ReturningFleet {
  readonly #options: ReturnOptions;
  readonly #waits: Waits[] = [];
  readonly #attempts: Uint16Array;
  readonly #nextRound: Float64Array;
  readonly #back: number[] = [];
  readonly #done: Uint8Array;
  /** The clients by the step in which they dial. */
  readonly #calendar = new Map<number, number[]>();
  readonly #queue: { readonly client: number; readonly untilMs: number }[] = [];
  readonly #connectsPer100Ms: number[] = [];
  #served = 0;
  #wasted = 0;
  #connects = 0;
  #step = 0;

  constructor(schedule: Schedule, options: ReturnOptions) {
    this.#options = options;
    const { clients, outageMs, random } = options;
    this.#attempts = new Uint16Array(clients);
    this.#nextRound = new Float64Array(clients);
    this.#done = new Uint8Array(clients);
    for (let client = 0; client < clients; client += 1) {
      const waits = schedule.start(random);
      this.#waits.push(waits);
      this.#nextRound[client] = waits.first - outageMs;
      this.#dialNotBefore(client, 0);
    }
  }

  /** Returns false when all clients are back, or the horizon is reached. */
  step(): boolean {
    for (const client of this.#calendar.get(this.#step) ?? []) if (!this.#done[client]) this.#dial(client);
    this.#calendar.delete(this.#step);
    this.#step += 1;
    const nowMs = this.#step * STEP_MS;
    const budget = Math.floor((nowMs * this.#options.acceptsPerSecond) / 1_000);
    while (this.#served < this.#queue.length && this.#budgetUsed < budget) this.#serve(nowMs);
    // Unused capacity is lost: an idle master does not catch up later.
    this.#budgetUsed = budget;
    return this.#back.length < this.#options.clients && nowMs < this.#options.horizonMs;
  }

  #budgetUsed = 0;

  result(): Return {
    return {
      backMs: this.#back,
      connects: this.#connects,
      peakPer100Ms: this.#connectsPer100Ms.reduce((most, each) => Math.max(most, each ?? 0), 0),
      wasted: this.#wasted,
    };
  }

  /** The client's rounds go on at their own pace; the first one at or after `ms` dials. */
  #dialNotBefore(client: number, ms: number): void {
    const waits = this.#waits[client];
    let at = this.#nextRound[client] ?? 0;
    while (waits && at < ms) at += waits.next();
    this.#nextRound[client] = at;
    const step = Math.floor(at / STEP_MS);
    const others = this.#calendar.get(step);
    if (others) others.push(client);
    else this.#calendar.set(step, [client]);
  }

  #dial(client: number): void {
    const nowMs = this.#step * STEP_MS;
    const attempt = this.#attempts[client] ?? 0;
    this.#attempts[client] = attempt + 1;
    this.#connects += 1;
    const bucket = Math.floor(nowMs / 100);
    this.#connectsPer100Ms[bucket] = (this.#connectsPer100Ms[bucket] ?? 0) + 1;
    const untilMs = nowMs + this.#options.patienceMs(attempt);
    this.#queue.push({ client, untilMs });
    // Dials again only if the client has not been served by then.
    this.#dialNotBefore(client, Math.max(untilMs, nowMs + STEP_MS));
  }

  #serve(nowMs: number): void {
    const entry = this.#queue[this.#served];
    this.#served += 1;
    this.#budgetUsed += 1;
    if (!entry) return;
    if (nowMs > entry.untilMs) this.#wasted += 1;
    else {
      this.#done[entry.client] = 1;
      this.#back.push(nowMs);
    }
  }
}
