/** A producer that keeps a window of unconfirmed sends full until it is stopped. */
import { setTimeout as sleep } from "node:timers/promises";
import type { EndpointAddress } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Ledger } from "./ledger.ts";

export interface LoadSettings {
  /** The destinations with their ledgers; a message goes to the last one whose `every` divides its number. */
  readonly books: readonly { readonly destination: string; readonly ledger: Ledger; readonly every: number }[];
  readonly window: number;
  /** Sends per second, as far as the window allows; undefined: no limit. */
  readonly rate: number | undefined;
}

const BODY = Buffer.alloc(256, "x");
/** The wait after a refused send, against a hot loop. */
const AFTER_REJECTION_MS = 10;

export class Load {
  readonly #connection: Connection;
  readonly #settings: LoadSettings;
  readonly #startedAt = performance.now();
  readonly #lanes: Promise<unknown>;
  #sent = 0;
  #running = true;
  #watcher: { readonly not: EndpointAddress; readonly resolve: (atMs: number) => void } | undefined;

  /** Starts at once. */
  constructor(connection: Connection, settings: LoadSettings) {
    this.#connection = connection;
    this.#settings = settings;
    this.#lanes = Promise.all(Array.from({ length: settings.window }, () => this.#lane()));
  }

  /** Resolves with the time (`performance.now()`) of the first confirmation by another endpoint. */
  confirmedElsewhere(not: EndpointAddress): Promise<number> {
    return new Promise((resolve) => {
      this.#watcher = { not, resolve };
    });
  }

  /** Resolves when every send has settled. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#lanes;
  }

  async #lane(): Promise<void> {
    for (let n = this.#sent++; this.#running; n = this.#sent++) {
      await this.#pace(n);
      if (this.#running) await this.#send(n);
    }
  }

  async #pace(n: number): Promise<void> {
    const { rate } = this.#settings;
    if (rate === undefined) return;
    const waitMs = this.#startedAt + (n * 1000) / rate - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  }

  async #send(n: number): Promise<void> {
    const book = this.#settings.books.findLast(({ every }) => n % every === 0);
    if (!book) return;
    const number = book.ledger.next();
    try {
      const { endpoint } = await this.#connection.send(book.destination, BODY, { properties: { n: number } });
      book.ledger.confirmed(number);
      this.#notice(endpoint);
    } catch (reason) {
      book.ledger.rejected(reason);
      await sleep(AFTER_REJECTION_MS);
    }
  }

  #notice({ host, port }: EndpointAddress): void {
    const watcher = this.#watcher;
    if (!watcher || (watcher.not.host === host && watcher.not.port === port)) return;
    this.#watcher = undefined;
    watcher.resolve(performance.now());
  }
}
