/** Kills the active member of a real pair again and again under load, and keeps the books. */
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, connect, type SendResult } from "../../../src/index.ts";
import type { MemberName, Product, Protocol, RealGroup } from "../group-contract.ts";
import { Ledger, type LedgerFindings } from "./ledger.ts";

export interface KillRunOptions {
  readonly protocol: Protocol;
  readonly rounds: number;
  /** Unconfirmed sends at any time. */
  readonly window?: number;
  /** How long the load runs before each kill, ms. */
  readonly loadMs?: number;
  readonly onRound?: (round: RoundReport) => void;
}

export interface RoundReport {
  readonly round: number;
  readonly killed: MemberName;
  readonly inFlight: number;
  /** From the signal to the first confirmation by the new active member, ms. */
  readonly firstConfirmationMs: number;
  readonly outageMs: number;
  readonly resent: number;
}

export interface KillReport {
  readonly product: Product;
  readonly version: string;
  readonly protocol: Protocol;
  readonly rounds: readonly RoundReport[];
  /** The queue that a consumer works off meanwhile. */
  readonly stream: LedgerFindings;
  /** The queue that is only drained at the end. */
  readonly store: LedgerFindings;
  readonly rejections: readonly unknown[];
}

/** Every tenth message goes to the queue that is drained at the end: enough to find doubles, little enough to keep. */
const STORE_EVERY = 10;
const BODY = Buffer.alloc(256, "x");

/** Runs one combination on a started group, which it leaves running. */
export async function runKills(group: RealGroup, options: KillRunOptions): Promise<KillReport> {
  const { protocol, rounds, window = 1000, loadMs = 700 } = options;
  const name = `kill.${protocol}.${Date.now()}`;
  const stream = new Ledger();
  const store = new Ledger();
  const connection = await connect(group.uri(protocol), { credentials: group.credentials });
  const reports: RoundReport[] = [];
  const reading = receive(connection, `queue://${name}.stream`, stream);
  const load = new Load(protocol, connection, name, stream, store, window);
  try {
    for (let round = 1; round <= rounds; round++) {
      await sleep(loadMs);
      const report = await killOnce(group, connection, load, round);
      reports.push(report);
      options.onRound?.(report);
    }
    await load.stop();
    await until(() => stream.complete, 60_000);
    await drain(connection, `queue://${name}.store`, store);
  } finally {
    await load.stop();
    await connection.close();
    await reading;
  }
  return {
    product: group.product,
    version: group.version,
    protocol,
    rounds: reports,
    stream: stream.findings(),
    store: store.findings(),
    rejections: [...stream.rejections, ...store.rejections],
  };
}

async function killOnce(group: RealGroup, connection: Connection, load: Load, round: number): Promise<RoundReport> {
  const killed = await group.waitActive();
  const inFlight = connection.stats().pendingSends;
  const restored = new Promise<{ outageMs: number; resent: number }>((resolve) => connection.once("restored", resolve));
  const confirmed = load.confirmedElsewhere(group.endpoint(killed, load.protocol).port);
  const killedAt = performance.now();
  const gone = group.kill(killed);
  const firstConfirmationMs = (await confirmed) - killedAt;
  const { outageMs, resent } = await restored;
  await gone;
  await group.start(killed);
  return { round, killed, inFlight, firstConfirmationMs, outageMs, resent };
}

/** A producer that keeps its window full until it is stopped. */
class Load {
  readonly protocol: Protocol;
  readonly #connection: Connection;
  readonly #name: string;
  readonly #stream: Ledger;
  readonly #store: Ledger;
  #running = true;
  #sent = 0;
  #watcher: { exceptPort: number; resolve: (atMs: number) => void } | undefined;
  readonly #lanes: Promise<void>;

  constructor(protocol: Protocol, connection: Connection, name: string, stream: Ledger, store: Ledger, window: number) {
    this.protocol = protocol;
    this.#connection = connection;
    this.#name = name;
    this.#stream = stream;
    this.#store = store;
    this.#lanes = Promise.all(Array.from({ length: window }, () => this.#lane())).then(() => {});
  }

  /** Resolves with the time of the first confirmation by another member. */
  confirmedElsewhere(port: number): Promise<number> {
    return new Promise((resolve) => {
      this.#watcher = { exceptPort: port, resolve };
    });
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#lanes;
  }

  async #lane(): Promise<void> {
    while (this.#running) {
      const toStore = ++this.#sent % STORE_EVERY === 0;
      const ledger = toStore ? this.#store : this.#stream;
      const n = ledger.next();
      try {
        const destination = `queue://${this.#name}.${toStore ? "store" : "stream"}`;
        this.#confirmed(await this.#connection.send(destination, BODY, { properties: { n } }));
        ledger.confirmed(n);
      } catch (reason) {
        ledger.rejected(reason);
        await sleep(10);
      }
    }
  }

  #confirmed({ endpoint }: SendResult): void {
    if (!this.#watcher || endpoint.port === this.#watcher.exceptPort) return;
    this.#watcher.resolve(performance.now());
    this.#watcher = undefined;
  }
}

async function receive(connection: Connection, destination: string, ledger: Ledger): Promise<void> {
  for await (const delivery of connection.consume(destination)) {
    ledger.received(delivery);
    await delivery.accept();
  }
}

async function drain(connection: Connection, destination: string, ledger: Ledger): Promise<void> {
  const consumer = connection.consume(destination);
  let last = performance.now();
  const reading = (async () => {
    for await (const delivery of consumer) {
      ledger.received(delivery);
      last = performance.now();
      await delivery.accept();
    }
  })();
  await until(() => ledger.complete, 60_000);
  // A second copy may stand at the very end.
  await until(() => performance.now() - last > 500, 10_000);
  await consumer.close();
  await reading;
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition() && performance.now() < deadline) await sleep(20);
}
