/** What a program has done and seen so far, for the model to judge when it is over. */
import type { Place } from "./program.ts";

/** `turn`: of the event loop, as far as the program has waited. */
export interface Moment {
  readonly tick: number;
  readonly turn: number;
}

export interface SentMessage {
  readonly body: string;
  readonly to: Place | "out";
  /** Within it messages to one destination keep the order in which they were sent: a connection, or one run of a transaction. */
  readonly stream: string;
  readonly at: Moment;
  fate: "pending" | "confirmed" | "not-stored" | "doubtful";
  /** How often it may be stored. */
  maxCopies: number;
}

/** A queue ("a", "b", "out"), or the durable subscription of a connection ("durable-0", "durable-1"). */
export type StorePlace = string;

export interface DeliveredIds {
  readonly body: string;
  readonly place: StorePlace;
  readonly consumer: number;
  readonly deduplicates: boolean;
  readonly connection: ClientLife;
  readonly redelivered: boolean;
  readonly at: Moment;
}

/** A copy that was accepted, or went to the dead letter queue: surely, unless the member died before it knew, or perhaps. */
export interface Consumed {
  readonly handed: DeliveredIds;
  readonly kind: "accepted" | "dead";
  readonly sure: "yes" | "unless-lost" | "perhaps";
  /** When it was asked for, and when it was known. */
  readonly asked: Moment;
  readonly known: Moment;
  /** The session it was written to. */
  readonly session: number;
}

/** One run of a transaction's work. */
export interface TransactionRun {
  readonly sends: SentMessage[];
  readonly accepted: DeliveredIds[];
}

export interface PlayedTransaction {
  readonly label: string;
  readonly runs: TransactionRun[];
  outcome: "pending" | "committed" | "rolled-back" | "in-doubt";
  known: Moment;
}

/** The death of an active member: somewhere between the two. */
export interface Outage {
  readonly from: number;
  to: number;
}

/** A send that was confirmed by the session it was first written to: what that session was given before, the broker has. */
export interface Barrier {
  readonly called: Moment;
  readonly confirmed: Moment;
}

/** One connection from connect to close. */
export interface ClientLife {
  readonly key: string;
  /** When its session began. */
  session: number;
  interruptions: number;
  /** close() has been called, and who still waits may be told so. */
  closing: boolean;
  readonly barriers: Barrier[];
}

export class Ledger {
  readonly sent = new Map<string, SentMessage>();
  readonly handedOver: DeliveredIds[] = [];
  readonly consumed: Consumed[] = [];
  readonly transactions: PlayedTransaction[] = [];
  readonly outages: Outage[] = [];
  /** Since when each durable subscription is known to be there. */
  readonly subscribed = new Map<StorePlace, Moment>();
  /** Two consumers shared these at some time: what each saw first says nothing about the order. */
  readonly contended = new Set<StorePlace>();
  /** What was wrong the moment it was seen. */
  readonly violations: string[] = [];
  /** The last turn the program has waited for. */
  turn = 0;
  #tick = 0;

  now(): Moment {
    return { tick: ++this.#tick, turn: this.turn };
  }

  send(to: SentMessage["to"], stream: string): SentMessage {
    const body = `m${this.sent.size + 1}`;
    const sent: SentMessage = { body, to, stream, at: this.now(), fate: "pending", maxCopies: 1 };
    this.sent.set(body, sent);
    return sent;
  }

  handOver(handed: Omit<DeliveredIds, "at">): DeliveredIds {
    const one = { ...handed, at: this.now() };
    this.handedOver.push(one);
    return one;
  }

  begin(label: string): PlayedTransaction {
    const transaction: PlayedTransaction = { label, runs: [], outcome: "pending", known: this.now() };
    this.transactions.push(transaction);
    return transaction;
  }

  conclude(transaction: PlayedTransaction, outcome: PlayedTransaction["outcome"]): void {
    transaction.outcome = outcome;
    transaction.known = this.now();
  }

  /** A member dies from now on. */
  dies(): Outage {
    const outage: Outage = { from: this.now().tick, to: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    return outage;
  }

  dead(outage: Outage): void {
    outage.to = this.now().tick;
  }

  /** How many members died, at least in part, since then. */
  deathsSince({ tick }: Moment): number {
    return this.outages.filter(({ to }) => to > tick).length;
  }
}
