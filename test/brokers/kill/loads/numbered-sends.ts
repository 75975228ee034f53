/** Sends that carry a running number and are recorded in a ledger, as every load of plain sends needs them. */
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { MessageBody, MessageOptions } from "../../../../src/messaging/messages/outgoing-message.ts";
import { Ledger, type LedgerFindings } from "../../../../src/testing/rehearsal/ledger.ts";
import type { Product } from "../../group-contract.ts";
import { type LoadFindings, NO_FINDINGS } from "./load.ts";
import { Rejections } from "./rejections.ts";

/** The message with this number. */
export type Compose = (n: number) => { readonly body: MessageBody; readonly options?: MessageOptions };

export class NumberedSends {
  readonly ledger = new Ledger({ undisturbed: false });
  /** A plain send survives any kill, so none may be rejected. */
  readonly rejections = new Rejections([]);
  readonly #connection: Connection;
  readonly #destination: string;
  readonly #compose: Compose;

  constructor(connection: Connection, destination: string, compose: Compose) {
    this.#connection = connection;
    this.#destination = destination;
    this.#compose = compose;
  }

  /** Takes the next number and sends at once, so that the numbers have the order of the calls. Never rejects. */
  async send(): Promise<void> {
    const n = this.ledger.next();
    const { body, options } = this.#compose(n);
    const properties = { ...options?.properties, n };
    try {
      await this.#connection.send(this.#destination, body, { ...options, properties });
      this.ledger.confirmed(n);
    } catch (reason) {
      this.ledger.rejected(reason);
      this.rejections.note(reason);
    }
  }

  /** Makes this many sends at once; resolves when all have settled. */
  async burst(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.send()));
  }

  findings(label = "message"): LoadFindings {
    return {
      ...readLedger(this.ledger.findings(), label),
      unexpected: this.rejections.unexpected,
      rejections: this.rejections.counts,
    };
  }
}

/** Returns a ledger's findings in the form that all loads have. */
export function readLedger(findings: LedgerFindings, label: string): LoadFindings {
  return {
    ...NO_FINDINGS,
    begun: findings.sent,
    units: findings.confirmed,
    lost: findings.lost.map((n) => `${label} ${n}`),
    outOfOrder: findings.outOfOrder,
    late: findings.late,
    displaced: findings.displaced.map(({ n, after }) => `${label} ${n} first came after ${after}`),
    unsettled: findings.unresolved,
    doubled: findings.storedTwice.reduce((sum, { twins }) => sum + twins.length - 1, 0),
    redelivered: findings.redelivered,
  };
}

/**
 * How many of a connection's sends may be stored twice: Artemis recognises sends that it has stored, Classic does not.
 */
export function mayBeDoubled(product: Product, connection: Connection): number {
  return product === "classic" ? connection.stats().resent : 0;
}
