/** Counts the sends and deliveries of one connection by destination. */
import { type Destination, formatDestination } from "./destination.ts";

/** The figures of one destination, since the connection was created. */
export interface DestinationStats {
  /** Sends to the destination, without those of transactions. */
  readonly sends: SendFigures;
  /** Deliveries to the consumers of the destination. */
  readonly deliveries: DeliveryFigures;
}

/** The figures of the sends to one destination, without those of transactions. */
export interface SendFigures {
  /** Sends that were started, finished or not. */
  readonly sent: number;
  /** Sends that the broker has confirmed. */
  readonly confirmed: number;
  /** Sends whose promise was rejected. */
  readonly rejected: number;
}

/** The figures of the deliveries to the consumers of one destination. */
export interface DeliveryFigures {
  /** Deliveries handed to consumers. */
  readonly received: number;
  /** Deliveries of messages that had been delivered before, on this connection or elsewhere. */
  readonly redelivered: number;
  /** Deliveries of messages that had been delivered before on this connection. */
  readonly redeliveredHere: number;
  /** Deliveries that were accepted, also in a transaction. */
  readonly accepted: number;
  /** Deliveries that were rejected: dead letters, if the broker keeps them. */
  readonly rejected: number;
  /** Deliveries returned to the broker by release() or modify(). */
  readonly released: number;
  /** Calls of the handlers of run() and respond() that threw or rejected. */
  readonly handlerFailures: number;
}

type Counting<T> = { -readonly [Name in keyof T]: T[Name] };

/** The figures of one destination, as this connection increments them. */
export interface CountedDestination {
  readonly sends: Counting<SendFigures>;
  readonly deliveries: Counting<DeliveryFigures>;
}

/** How many destinations have figures of their own: a program that replies to ever new queues would fill the maps. */
const MAX_COUNTED = 100;
/** The key of the figures of all other destinations; no destination can have this name. */
const OTHERS = "(others)";

export class DestinationFigures {
  /** The key is the name alone, whose hash V8 keeps: a key made of kind and name would be hashed anew for each send. */
  readonly #queues = new Map<string, CountedDestination>();
  readonly #topics = new Map<string, CountedDestination>();
  readonly #others = noFigures();
  #othersCounted = false;

  /** Returns the figures to increment for a destination: its own, or those of all others together. */
  of({ kind, name }: Destination): CountedDestination {
    if (kind === "queue") return this.#queues.get(name) ?? this.#first(this.#queues, name);
    if (kind === "topic") return this.#topics.get(name) ?? this.#first(this.#topics, name);
    // A temporary destination is lost with its session, so it has no figures of its own.
    return this.#other();
  }

  /** The figures by `queue://NAME` or `topic://NAME`, in the order of first use; those of all others come last. */
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
