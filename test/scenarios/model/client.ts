/** One client of a program: a connection, opened when it is needed and again after it was closed. */
import { type Connection, createConnection } from "../../../src/index.ts";
import type { EmbeddedGroup } from "../../../src/testing/index.ts";
import type { ClientLife, Ledger } from "./ledger.ts";
import type { OpenPromises } from "./open-promises.ts";
import type { ConnectionPlan } from "./program.ts";

export interface LiveClient {
  readonly connection: Connection;
  readonly life: ClientLife;
  /** How many of its sends were confirmed, outside transactions. */
  confirmed: number;
}

const DRAIN_MS = 5;

export class Client {
  readonly index: number;
  readonly plan: ConnectionPlan;
  readonly #group: EmbeddedGroup;
  readonly #ledger: Ledger;
  readonly #promises: OpenPromises;
  #live: LiveClient | undefined;
  #lives = 0;

  constructor(
    index: number,
    plan: ConnectionPlan,
    parts: { readonly group: EmbeddedGroup; readonly ledger: Ledger; readonly promises: OpenPromises },
  ) {
    this.index = index;
    this.plan = plan;
    this.#group = parts.group;
    this.#ledger = parts.ledger;
    this.#promises = parts.promises;
  }

  get clientId(): string {
    return `client-${this.index}`;
  }

  get current(): LiveClient | undefined {
    return this.#live;
  }

  async live(): Promise<LiveClient> {
    this.#live ??= await this.#open();
    return this.#live;
  }

  async #open(): Promise<LiveClient> {
    const { protocol, inDoubt, maxPendingSends } = this.plan;
    const connection = createConnection(this.#group.uri(protocol), {
      ...{ inDoubt, maxPendingSends, clientId: this.clientId },
      ...{ releaseWaitMs: 3, drainTimeoutMs: DRAIN_MS },
    });
    const life: ClientLife = {
      key: `connection ${this.index}.${++this.#lives}`,
      session: 0,
      interruptions: 0,
      closing: false,
      barriers: [],
    };
    const since = this.#ledger.now();
    // Handlers of the model fail on purpose.
    connection.on("handlerFailed", () => {});
    connection.on("established", () => {
      life.session = this.#ledger.now().tick;
    });
    connection.on("restored", () => {
      life.session = this.#ledger.now().tick;
    });
    connection.on("interrupted", ({ cause }) => {
      life.interruptions += 1;
      if (life.interruptions <= this.#ledger.deathsSince(since)) return;
      this.#ledger.violations.push(`${life.key} was interrupted while its member lived: ${cause.message}`);
    });
    await this.#promises.keep(`${life.key}: connect()`, connection.connect(), () => false);
    return { connection, life, confirmed: 0 };
  }

  /** Leaves; whatever it has in its hands becomes stale. */
  async close(): Promise<void> {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    const { connection, life } = live;
    life.closing = true;
    await this.#promises.keep(`${life.key}: close()`, connection.close({ drainTimeoutMs: DRAIN_MS }), () => false);
    const { state, pendingSends, waitingSends, consumers, unsettled, requests, transactions, confirmed } =
      connection.stats();
    const open = { pendingSends, waitingSends, consumers, unsettled, requests, transactions: transactions.open };
    const left = Object.entries(open).filter(([, count]) => count !== 0);
    if (state !== "closed" || left.length > 0)
      this.#ledger.violations.push(`${life.key} is ${state} after close(), with ${JSON.stringify(open)}`);
    await new Promise((resolve) => setImmediate(resolve));
    if (confirmed !== live.confirmed)
      this.#ledger.violations.push(`${life.key} counts ${confirmed} confirmed sends, of ${live.confirmed}`);
  }
}
