/** What the canaries of one direction measured. */

export type CanaryState =
  /** No canary is sent: switched off, or the link ends by itself. */
  | "off"
  /** None has arrived yet. */
  | "waiting"
  | "arriving"
  /** None has arrived for three intervals. */
  | "late"
  /** A broker refuses the canary's queue. */
  | "refused";

/** The delays of canary messages from the source broker through the bridge to the target broker, and back to the bridge. */
export interface CanaryStatus {
  /** What the canaries do: `off`, `waiting`, `arriving`, `late` or `refused`. */
  readonly state: CanaryState;
  /** Milliseconds from the send of the last one that arrived to its arrival; undefined before the first. */
  readonly lastMs: number | undefined;
  /** The median delay of the last 100, in milliseconds. */
  readonly p50Ms: number | undefined;
  /** The longest delay of the last 100, in milliseconds. */
  readonly maxMs: number | undefined;
  /** How many arrived since the start. */
  readonly arrived: number;
  /** How many had not arrived when their time to live ran out. */
  readonly lost: number;
}

export const NO_CANARY: CanaryStatus = {
  state: "off",
  lastMs: undefined,
  p50Ms: undefined,
  maxMs: undefined,
  arrived: 0,
  lost: 0,
};

const WINDOW = 100;

export class CanaryFigures {
  readonly #delays: number[] = [];
  arrived = 0;
  lost = 0;

  add(ms: number): void {
    this.arrived += 1;
    this.#delays.push(ms);
    if (this.#delays.length > WINDOW) this.#delays.shift();
  }

  status(state: CanaryState): CanaryStatus {
    const sorted = [...this.#delays].sort((a, b) => a - b);
    return {
      state,
      lastMs: rounded(this.#delays.at(-1)),
      p50Ms: rounded(sorted[Math.ceil(sorted.length / 2) - 1]),
      maxMs: rounded(sorted.at(-1)),
      arrived: this.arrived,
      lost: this.lost,
    };
  }
}

/** Returns the figures of a duplex link: the slower delays of its directions, and the losses of both. */
export function worseCanary(a: CanaryStatus, b: CanaryStatus): CanaryStatus {
  return {
    state: STATES.find((state) => a.state === state || b.state === state) ?? "off",
    lastMs: greater(a.lastMs, b.lastMs),
    p50Ms: greater(a.p50Ms, b.p50Ms),
    maxMs: greater(a.maxMs, b.maxMs),
    arrived: a.arrived + b.arrived,
    lost: a.lost + b.lost,
  };
}

/** The states from the worst to the best. */
const STATES: readonly CanaryState[] = ["late", "refused", "waiting", "arriving", "off"];

function greater(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.max(a, b);
}

function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 10) / 10;
}
