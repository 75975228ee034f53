/** What was sent to, and came from, each destination of one connection, in figures. */
import { type Destination, formatDestination } from "./destination.ts";

/** The figures of one destination of one connection, since it was made. */
export interface DestinationStats {
  /** Sends to it outside transactions. */
  readonly sends: SendFigures;
  /** What the consumers that asked for it were handed. */
  readonly deliveries: DeliveryFigures;
}

/** The sends to one destination, outside transactions. */
export interface SendFigures {
  /** Sends that were asked for. */
  readonly sent: number;
  /** Of these the ones that the broker has confirmed. */
  readonly confirmed: number;
  /** Of these the ones whose promise rejected. */
  readonly rejected: number;
}

/** What came by the consumers that asked for one destination. */
export interface DeliveryFigures {
  /** Deliveries handed to consumers. */
  readonly received: number;
  /** Of these the ones that had been handed out before, here or elsewhere. */
  readonly redelivered: number;
  /** Of these the ones that had been handed out before on this connection. */
  readonly redeliveredHere: number;
  /** Of these the ones that were accepted, also in a transaction. */
  readonly accepted: number;
  /** Of these the ones that were rejected: dead letters, where the broker keeps them. */
  readonly rejected: number;
  /** Of these the ones that went back to the broker, by release() or modify(). */
  readonly released: number;
  /** Calls of the handlers of run() and respond() that threw or rejected. */
  readonly handlerFailures: number;
}

type Counting<T> = { -readonly [Name in keyof T]: T[Name] };

/** The same while it is counted. */
export interface CountedDestination {
  readonly sends: Counting<SendFigures>;
  readonly deliveries: Counting<DeliveryFigures>;
}

/** So many destinations have figures of their own: who answers to ever new reply queues has any number of them. */
const MAX_COUNTED = 100;
/** What the others are counted under; no destination is written so. */
const OTHERS = "(others)";

export class DestinationFigures {
  /** By the name alone, for its hash is known: a text made of kind and name would be hashed anew for each send. */
  readonly #queues = new Map<string, CountedDestination>();
  readonly #topics = new Map<string, CountedDestination>();
  readonly #others = noFigures();
  #othersCounted = false;

  /** Where to count what belongs to a destination: its own figures, or those of all others together. */
  of({ kind, name }: Destination): CountedDestination {
    if (kind === "queue") return this.#queues.get(name) ?? this.#first(this.#queues, name);
    if (kind === "topic") return this.#topics.get(name) ?? this.#first(this.#topics, name);
    // A temporary one is gone with its session.
    return this.#other();
  }

  /** Each destination as `queue://NAME` or `topic://NAME`, in the order of first use, and the others last. */
  get stats(): Readonly<Record<string, DestinationStats>> {
    const told: [string, DestinationStats][] = [];
    for (const [name, figures] of this.#queues)
      told.push([formatDestination({ kind: "queue", name }), copied(figures)]);
    for (const [name, figures] of this.#topics)
      told.push([formatDestination({ kind: "topic", name }), copied(figures)]);
    if (this.#othersCounted) told.push([OTHERS, copied(this.#others)]);
    return Object.fromEntries(told);
  }

  #first(kept: Map<string, CountedDestination>, name: string): CountedDestination {
    if (this.#queues.size + this.#topics.size >= MAX_COUNTED) return this.#other();
    const figures = noFigures();
    kept.set(name, figures);
    return figures;
  }

  #other(): CountedDestination {
    this.#othersCounted = true;
    return this.#others;
  }
}

function noFigures(): CountedDestination {
  return {
    sends: { sent: 0, confirmed: 0, rejected: 0 },
    deliveries: {
      received: 0,
      redelivered: 0,
      redeliveredHere: 0,
      accepted: 0,
      rejected: 0,
      released: 0,
      handlerFailures: 0,
    },
  };
}

function copied({ sends, deliveries }: CountedDestination): DestinationStats {
  return { sends: { ...sends }, deliveries: { ...deliveries } };
}
