/** A producer with a window and a consumer on one connection, and records of what was sent, confirmed and received. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import { Ledger, type LedgerFindings } from "../../../src/testing/rehearsal/ledger.ts";
import { now } from "../lab/shared-clock.ts";

export interface WorkloadSettings {
  /** The prefix of its queues' names. */
  readonly name: string;
  /** The most unconfirmed sends at a time. */
  readonly window: number;
  /** The most sends per second; without limit by default. */
  readonly rate?: number;
  readonly bodyBytes: number;
}

export interface WorkloadFindings {
  /** The queue that the consumer reads during the run. */
  readonly stream: LedgerFindings;
  /** The queue that is read once, at the end: what is in it twice was stored twice. Every fifth message goes there. */
  readonly store: LedgerFindings;
  /** First deliveries that came after a later message although the broker did not mark them as redelivered. */
  readonly overtaken: number;
  /** Messages of the queue read at the end that were stored in a different order than sent. */
  readonly outOfOrder: number;
  readonly rejections: readonly string[];
  /** The time of each confirmation on the shared clock. */
  readonly confirmedAtMs: readonly number[];
}

const STORE_EVERY = 5;
const POLL_MS = 20;
/** A second copy may be at the very end of a queue. */
const QUIET_MS = 300;

export class Workload {
  readonly #connection: Connection;
  readonly #settings: WorkloadSettings;
  readonly #stream = new Ledger({ undisturbed: false });
  readonly #store = new Ledger({ undisturbed: true });
  readonly #confirmedAtMs: number[] = [];
  readonly #body: Buffer;
  readonly #startedAt = performance.now();
  readonly #lanes: Promise<unknown>;
  #sent = 0;
  readonly #overtaken = { stream: 0, store: 0 };
  #running = true;

  /** Starts at once. */
  constructor(connection: Connection, settings: WorkloadSettings) {
    this.#connection = connection;
    this.#settings = settings;
    this.#body = Buffer.alloc(settings.bodyBytes, "x");
    void this.#receive("stream");
    this.#lanes = Promise.all(Array.from({ length: settings.window }, () => this.#lane()));
  }

  /** Sends no more, waits until everything has settled and arrived or the time is up, and returns the results. */
  async finish(timeoutMs: number): Promise<WorkloadFindings> {
    const deadline = performance.now() + timeoutMs;
    this.#running = false;
    await Promise.race([this.#lanes, sleep(timeoutMs)]);
    await until(() => this.#stream.complete, deadline);
    let read = 0;
    let quietSince = performance.now();
    void this.#receive("store");
    await until(() => {
      const { received } = this.#store.counts;
      if (received !== read || !this.#store.complete) quietSince = performance.now();
      read = received;
      return performance.now() - quietSince > QUIET_MS;
    }, deadline);
    const rejections = [...this.#stream.rejections, ...this.#store.rejections].map(String);
    return {
      stream: this.#stream.findings(),
      store: this.#store.findings(),
      overtaken: this.#overtaken.stream,
      outOfOrder: this.#overtaken.store,
      rejections,
      confirmedAtMs: this.#confirmedAtMs,
    };
  }

  /** Returns the first confirmation after `atMs`; undefined if none has come yet. */
  firstConfirmedAfter(atMs: number): number | undefined {
    return this.#confirmedAtMs.find((confirmedAt) => confirmedAt > atMs);
  }

  async #receive(which: "stream" | "store"): Promise<void> {
    const ledger = which === "stream" ? this.#stream : this.#store;
    const seen = new Set<number>();
    let highest = 0;
    for await (const delivery of this.#connection.consume(`queue://${this.#settings.name}.${which}`)) {
      const n = Number(delivery.message.properties["n"]);
      if (n < highest && !seen.has(n) && !delivery.redelivered) this.#overtaken[which] += 1;
      highest = Math.max(highest, n);
      seen.add(n);
      ledger.received(delivery);
      await delivery.accept();
    }
  }

  async #lane(): Promise<void> {
    for (let n = this.#sent++; this.#running; n = this.#sent++) {
      const { rate } = this.#settings;
      const waitMs = rate === undefined ? 0 : this.#startedAt + (n * 1000) / rate - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (this.#running) await this.#send(n % STORE_EVERY === 0 ? "store" : "stream");
    }
  }

  async #send(to: "store" | "stream"): Promise<void> {
    const ledger = to === "store" ? this.#store : this.#stream;
    const n = ledger.next();
    try {
      await this.#connection.send(`queue://${this.#settings.name}.${to}`, this.#body, { properties: { n } });
      ledger.confirmed(n);
      this.#confirmedAtMs.push(now());
    } catch (reason) {
      ledger.rejected(reason);
    }
  }
}

async function until(condition: () => boolean, deadline: number): Promise<void> {
  while (!condition() && performance.now() < deadline) await sleep(POLL_MS);
}
