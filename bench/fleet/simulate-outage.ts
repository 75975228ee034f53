/** A fleet that lost its broker at the same moment: how many connections a second it tries, and how it comes back. */
import type { Schedule, Waits } from "./schedules.ts";

/** Dials in each bucket of `bucketMs`, from the loss to the end of the outage; every dial is refused at once. */
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
  /** Handshakes the new master finishes in a second; one whose client has gone costs as much as any other. */
  readonly acceptsPerSecond: number;
  /** How long the n-th attempt at it in a row may wait for its handshake, ms. */
  readonly patienceMs: (attempt: number) => number;
  readonly random: () => number;
  /** Given up then, ms after the end of the outage. */
  readonly horizonMs: number;
}

export interface Return {
  /** Since the end of the outage, ms, sorted; those who were not back by the horizon are missing. */
  readonly backMs: readonly number[];
  /** Connects to the new master. */
  readonly connects: number;
  readonly peakPer100Ms: number;
  /** Handshakes it finished for clients who had given up. */
  readonly wasted: number;
}

const STEP_MS = 10;

/** One endpoint takes everybody, the other refuses; attempts wait in the order they came. */
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
  /** Clients by the step in which they dial. */
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

  /** False when all are back, or the horizon is reached. */
  step(): boolean {
    for (const client of this.#calendar.get(this.#step) ?? []) if (!this.#done[client]) this.#dial(client);
    this.#calendar.delete(this.#step);
    this.#step += 1;
    const nowMs = this.#step * STEP_MS;
    const budget = Math.floor((nowMs * this.#options.acceptsPerSecond) / 1_000);
    while (this.#served < this.#queue.length && this.#budgetUsed < budget) this.#serve(nowMs);
    // What was not used is gone: a master that idles does not catch up.
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
    // Dialled again only if nobody serves it until then.
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
