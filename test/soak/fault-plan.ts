/** What is done to a pair of brokers during a soak, drawn from a seed: the same seed draws the same faults. */
import { seededRandom } from "../support/seeded-random.ts";

/** How long each lasts, ms; what is over at once has no time. */
const DURATIONS = {
  /** SIGKILL of the active broker. */
  kill: [0, 0],
  /** A clean stop of the active broker. */
  stop: [0, 0],
  /** SIGKILL of the standby: nobody should notice. */
  "kill-standby": [0, 0],
  /** The host of the active broker loses its cable, then the broker is killed: nobody is told. */
  "power-loss": [0, 0],
  /** SIGSTOP: it keeps its lock and its sockets. */
  pause: [500, 9_000],
  /** The active host hears nobody and nobody hears it; it keeps its lock. */
  partition: [500, 9_000],
  "partition-in": [500, 9_000],
  "partition-out": [500, 9_000],
  /** What comes for the port of one protocol is swallowed. */
  "black-hole": [500, 9_000],
  /** 5 % of the packets of both hosts. */
  loss: [2_000, 8_000],
  /** 1 Mbit/s to and from the active host. */
  rate: [2_000, 5_000],
  /** 300 ms each way, in a proxy. */
  latency: [2_000, 8_000],
  /** Every proxied connection gets a reset. */
  reset: [0, 0],
  /** Every proxied connection is cut within a frame, and for a while there is no new one. */
  cut: [300, 3_000],
  /** A proxy that accepts and says nothing, as a load balancer before the dead. */
  silence: [2_000, 6_000],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export type FaultKind = keyof typeof DURATIONS;
export const FAULT_KINDS = Object.keys(DURATIONS) as readonly FaultKind[];

export interface PlannedFault {
  readonly kind: FaultKind;
  readonly lastsMs: number;
  /** Between the recovery from the one before, or its end, and this one. */
  readonly afterMs: number;
  /** Whether the next one waits until everything has got on. */
  readonly patient: boolean;
}

const LONGEST_REST_MS = 2_500;
const IMPATIENT = 0.2;

/** Endless. Every kind comes once before any comes again. */
export function* planFaults(seed: number, kinds: readonly FaultKind[] = FAULT_KINDS): Generator<PlannedFault> {
  const random = seededRandom(seed);
  for (;;) {
    for (const kind of shuffled(kinds, random)) {
      const [shortest, longest] = DURATIONS[kind];
      yield {
        kind,
        lastsMs: Math.round(shortest + random() * (longest - shortest)),
        afterMs: Math.round(200 + random() * LONGEST_REST_MS),
        patient: random() >= IMPATIENT,
      };
    }
  }
}

/** Faults in their order, which knows of its end beforehand. */
export class FaultPlan {
  readonly #faults: Iterator<PlannedFault, void>;
  #next: IteratorResult<PlannedFault, void>;

  constructor(faults: Iterable<PlannedFault, void>) {
    this.#faults = faults[Symbol.iterator]();
    this.#next = this.#faults.next();
  }

  get over(): boolean {
    return this.#next.done === true;
  }

  take(): PlannedFault | undefined {
    const { value } = this.#next;
    this.#next = this.#faults.next();
    return value ?? undefined;
  }
}

/** `kind:lastsMs:afterMs`, with a `!` where the next one does not wait; read by {@link parseFaults}. */
export function formatFault({ kind, lastsMs, afterMs, patient }: PlannedFault): string {
  return `${kind}:${lastsMs}:${afterMs}${patient ? "" : "!"}`;
}

/** @throws Error that names what is no fault. */
export function parseFaults(text: string): readonly PlannedFault[] {
  return text.split(",").map((each) => {
    const [, kind, lastsMs, afterMs, impatient] = /^([a-z-]+):(\d+):(\d+)(!?)$/.exec(each.trim()) ?? [];
    if (kind === undefined || !isKind(kind))
      throw new Error(`"${each}" is no fault: kind:lastsMs:afterMs, the kinds being ${FAULT_KINDS.join(", ")}`);
    return { kind, lastsMs: Number(lastsMs), afterMs: Number(afterMs), patient: impatient === "" };
  });
}

export function isKind(text: string): text is FaultKind {
  return Object.hasOwn(DURATIONS, text);
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const left = [...values];
  return values.flatMap(() => left.splice(Math.floor(random() * left.length), 1));
}
