/** What was sent, confirmed and received, message by message, and what that says about loss, doubles and order. */
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";

/** What became of the messages to one destination. */
export interface LedgerFindings {
  /** Sends that were begun. */
  readonly sent: number;
  /** Sends that were confirmed. */
  readonly confirmed: number;
  /** Sends whose promise rejected. */
  readonly rejected: number;
  /** Promises of send() that have not settled. */
  readonly unresolved: number;
  /** Deliveries, those that came again included. */
  readonly received: number;
  /** Numbers of the sends that were confirmed and never received. */
  readonly lost: readonly number[];
  /** Handed over again. */
  readonly redelivered: number;
  /** Stored more than once: the send's id, and how each copy is known to the broker, where it tells. */
  readonly storedTwice: readonly { readonly id: string; readonly twins: readonly string[] }[];
  /** Confirmed sends whose first delivery came after that of a later confirmed send. */
  readonly outOfOrder: number;
  /** Those of them that were redelivered when first seen: the broker had handed them to a session that ended before they came through. */
  readonly late: number;
  /** The others of them: their numbers, each with the highest that had come before. */
  readonly displaced: readonly { readonly n: number; readonly after: number }[];
}

/** One destination's book. Sends carry a running number from 1 in the property `n`. */
export class Ledger {
  #sent = 0;
  #rejected = 0;
  readonly #confirmed = new Set<number>();
  readonly #firstSeen = new Map<number, { readonly redelivered: boolean }>();
  readonly #copies = new Map<string, string[]>();
  readonly #undisturbed: boolean;
  #received = 0;
  #repeats = 0;
  /** The first few reasons, for the report. */
  readonly rejections: unknown[] = [];

  /**
   * `undisturbed`: the queue is read once, without a failover, so that whatever comes twice is there twice. Otherwise
   * copies are told from redeliveries by the broker's message id, which AMQP does not show where the sender gave one.
   */
  constructor({ undisturbed }: { readonly undisturbed: boolean }) {
    this.#undisturbed = undisturbed;
  }

  /** The number for the next send. */
  next(): number {
    this.#sent += 1;
    return this.#sent;
  }

  confirmed(n: number): void {
    this.#confirmed.add(n);
  }

  rejected(reason: unknown): void {
    this.#rejected += 1;
    if (this.rejections.length < 10) this.rejections.push(reason);
  }

  received({ message, redelivered }: Pick<Delivery, "message" | "redelivered">): void {
    this.#received += 1;
    const n = Number(message.properties["n"]);
    if (this.#firstSeen.has(n)) this.#repeats += 1;
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
    return { sent: this.#sent, confirmed: this.#confirmed.size, received: this.#received };
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
      sent: this.#sent,
      confirmed: this.#confirmed.size,
      rejected: this.#rejected,
      unresolved: this.#sent - this.#confirmed.size - this.#rejected,
      received: this.#received,
      lost: this.#missing(),
      redelivered: Math.max(0, this.#repeats - twins),
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
