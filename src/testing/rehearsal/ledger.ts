/** Records what was sent, confirmed and received, message by message, and finds losses, duplicates and wrong order. */
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";

/** What happened to the messages of one destination. */
export interface LedgerFindings {
  /** Number of sends begun. */
  readonly sent: number;
  /** Number of sends confirmed. */
  readonly confirmed: number;
  /** Number of sends whose promise rejected. */
  readonly rejected: number;
  /** Number of promises of send() that have not settled. */
  readonly unresolved: number;
  /** Number of deliveries, including redeliveries. */
  readonly received: number;
  /** The numbers of sends that were confirmed and never received. */
  readonly lost: readonly number[];
  /** Number of redeliveries. */
  readonly redelivered: number;
  /** Messages stored more than once: the send's id, and the broker's id of each copy, if it tells. */
  readonly storedTwice: readonly { readonly id: string; readonly twins: readonly string[] }[];
  /** Number of confirmed sends whose first delivery came after that of a later confirmed send. */
  readonly outOfOrder: number;
  /**
   * How many of these were redelivered when first seen: the broker had given them to a session that ended before they
   * arrived.
   */
  readonly late: number;
  /** The others of these: their numbers, each with the highest number that had come before. */
  readonly displaced: readonly { readonly n: number; readonly after: number }[];
}

/** The record of one destination. Sends carry a running number from 1 in the property `n`. */
export class Ledger {
  readonly #counts = { sent: 0, rejected: 0, received: 0, repeats: 0 };
  readonly #confirmed = new Set<number>();
  readonly #firstSeen = new Map<number, { readonly redelivered: boolean }>();
  readonly #copies = new Map<string, string[]>();
  readonly #undisturbed: boolean;
  /** The first few reasons, for the report. */
  readonly rejections: unknown[] = [];

  /**
   * With `undisturbed` the queue is read once, without a failover, so whatever comes twice is stored twice. Otherwise
   * copies are distinguished from redeliveries by the broker's message id, which AMQP does not show if the sender gave
   * one.
   */
  constructor({ undisturbed }: { readonly undisturbed: boolean }) {
    this.#undisturbed = undisturbed;
  }

  /** Returns the number for the next send. */
  next(): number {
    this.#counts.sent += 1;
    return this.#counts.sent;
  }

  confirmed(n: number): void {
    this.#confirmed.add(n);
  }

  rejected(reason: unknown): void {
    this.#counts.rejected += 1;
    if (this.rejections.length < 10) this.rejections.push(reason);
  }

  received({ message, redelivered }: Pick<Delivery, "message" | "redelivered">): void {
    this.#counts.received += 1;
    const n = Number(message.properties["n"]);
    if (this.#firstSeen.has(n)) this.#counts.repeats += 1;
    else this.#firstSeen.set(n, { redelivered });
    if (message.id !== undefined) this.#noteCopy(message.id, message.brokerMessageId);
  }

  #noteCopy(id: string, brokerMessageId: string | undefined): void {
    const copies = this.#copies.get(id) ?? [];
    const name = brokerMessageId ?? `copy ${copies.length + 1}`;
    if (this.#undisturbed || (brokerMessageId !== undefined && !copies.includes(name)) || copies.length === 0)
      copies.push(name);
    this.#copies.set(id, copies);
  }

  get counts(): { readonly sent: number; readonly confirmed: number; readonly received: number } {
    return { sent: this.#counts.sent, confirmed: this.#confirmed.size, received: this.#counts.received };
  }

  /** Whether every confirmed send has been received. */
  get complete(): boolean {
    return this.#missing().length === 0;
  }

  #missing(): number[] {
    return [...this.#confirmed].filter((n) => !this.#firstSeen.has(n));
  }

  findings(): LedgerFindings {
    const storedTwice = [...this.#copies].filter(([, { length }]) => length > 1).map(([id, twins]) => ({ id, twins }));
    const twins = storedTwice.reduce((sum, each) => sum + each.twins.length - 1, 0);
    return {
      sent: this.#counts.sent,
      confirmed: this.#confirmed.size,
      rejected: this.#counts.rejected,
      unresolved: this.#counts.sent - this.#confirmed.size - this.#counts.rejected,
      received: this.#counts.received,
      lost: this.#missing(),
      redelivered: Math.max(0, this.#counts.repeats - twins),
      storedTwice,
      ...this.#disorder(),
    };
  }

  #disorder(): Pick<LedgerFindings, "outOfOrder" | "late" | "displaced"> {
    let highest = 0;
    let late = 0;
    const displaced: { n: number; after: number }[] = [];
    for (const [n, { redelivered }] of this.#firstSeen) {
      if (n < highest && this.#confirmed.has(n)) {
        if (redelivered) late += 1;
        else displaced.push({ n, after: highest });
      }
      highest = Math.max(highest, n);
    }
    return { outOfOrder: late + displaced.length, late, displaced };
  }
}
