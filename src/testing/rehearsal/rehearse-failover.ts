/** Sends and receives through a group while its active member is crashed repeatedly, and records every message. */
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "../../connect/connect.ts";
import { ConnectTimeoutError, type EndpointAddress, formatAddress } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Waiting } from "../../transport/transport-events.ts";
import type { Credentials } from "../../uri/endpoint.ts";
import { LastAnswers } from "./last-answers.ts";
import { Ledger, type LedgerFindings } from "./ledger.ts";
import { Load } from "./load.ts";

/** A group that can be crashed: an embedded one, a pair of real brokers, or whatever a user's own test starts. */
export interface CrashableGroup {
  /** The group's URI, for the protocol to rehearse. */
  readonly uri: string;
  /** How to log in; no login by default. */
  readonly credentials?: Credentials | undefined;
  /**
   * Kills the active member: the signal is sent before the call returns, and the promise resolves when the member is
   * gone.
   */
  crash(active: EndpointAddress): Promise<void>;
  /** Starts the crashed member again as a standby. */
  mend(): Promise<void>;
  /** A person crashes the member when crash() asks for it: then recovery counts from the end of the session. */
  readonly byHand?: boolean;
}

/** The options of rehearseFailover(). */
export interface RehearsalOptions {
  /** How often the active member is crashed. */
  readonly kills: number;
  /** Number of unconfirmed sends at any time; 100 by default. */
  readonly window?: number | undefined;
  /** Sends per second at most; no limit by default. */
  readonly rate?: number | undefined;
  /** How long the load runs before each crash, in ms; 700 by default. */
  readonly loadMs?: number | undefined;
  /** The start of the queue names; new for each run by default. */
  readonly name?: string | undefined;
  /** The limit for the first session and for each failover, in ms; none by default. */
  readonly timeoutMs?: number | undefined;
  /** Called when an endpoint's answer differs from its last one: `"session"`, or why it is not the active one. */
  readonly onAnswer?: ((endpoint: EndpointAddress, answer: "session" | Error) => void) | undefined;
  /** Called while no endpoint is active, at the same times as the event `waiting` of a connection. */
  readonly onWaiting?: ((waiting: Waiting) => void) | undefined;
  /** Called with the counts several times a second, and with each failover. */
  readonly onProgress?: ((progress: RehearsalProgress) => void) | undefined;
}

/** The progress of a rehearsal. */
export interface RehearsalProgress {
  /** Number of sends begun. */
  readonly sent: number;
  /** Number of sends confirmed. */
  readonly confirmed: number;
  /** Number of deliveries. */
  readonly received: number;
  /** Set right after a failover. */
  readonly failover?: FailoverFigures;
}

/** The figures of one failover. */
export interface FailoverFigures {
  /** The member that was crashed. */
  readonly from: EndpointAddress;
  /** The member that took over. */
  readonly to: EndpointAddress;
  /** Number of unconfirmed sends when the signal was sent. */
  readonly inFlight: number;
  /** The time from the end of the session to the next one, in ms. */
  readonly outageMs: number;
  /**
   * The time from the crash (by hand: from the end of the session) to the first confirmation by another member, in ms.
   */
  readonly recoveryMs: number;
  /** Number of sends written again on the next session. */
  readonly resent: number;
  /** Number of deliveries that became stale. */
  readonly voided: number;
}

/** The result of a rehearsal. */
export interface RehearsalReport {
  /** Each failover, in order. */
  readonly failovers: readonly FailoverFigures[];
  /** The queue that a consumer reads during the run. */
  readonly stream: LedgerFindings;
  /** The queue with every fifth message, which is read only at the end. */
  readonly store: LedgerFindings;
  /** The first few reasons for rejected sends. */
  readonly rejections: readonly unknown[];
}

/** Every fifth message is kept until the end: enough to find duplicates, few enough to keep. */
const STORE_EVERY = 5;
const PROGRESS_EVERY_MS = 200;
const SETTLE_TIMEOUT_MS = 60_000;
/** Waits for a possible second copy at the very end of a queue. */
const QUIET_MS = 500;

/** Resolves with the result; rejects when the group cannot be reached or crashed. The group is left running. */
export async function rehearseFailover(group: CrashableGroup, options: RehearsalOptions): Promise<RehearsalReport> {
  const { kills, window = 100, rate, loadMs = 700, name = `rehearsal.${Date.now()}`, onProgress = () => {} } = options;
  const { timeoutMs } = options;
  const books = { stream: new Ledger({ undisturbed: false }), store: new Ledger({ undisturbed: true }) };
  const connection = createConnection(group.uri, { credentials: group.credentials, connectTimeoutMs: timeoutMs });
  const answers = new LastAnswers(options.onAnswer);
  connection.on("attempt", ({ endpoint, outcome }) => answers.note(endpoint, outcome));
  if (options.onWaiting) connection.on("waiting", options.onWaiting);
  await connection.connect();
  const streaming = receive(connection, `queue://${name}.stream`, books.stream);
  const load = new Load(connection, {
    window,
    rate,
    books: [
      { destination: `queue://${name}.stream`, ledger: books.stream, every: 1 },
      { destination: `queue://${name}.store`, ledger: books.store, every: STORE_EVERY },
    ],
  });
  const count = () => ({
    sent: books.stream.counts.sent + books.store.counts.sent,
    confirmed: books.stream.counts.confirmed + books.store.counts.confirmed,
    received: books.stream.counts.received + books.store.counts.received,
  });
  const ticker = setInterval(() => onProgress(count()), PROGRESS_EVERY_MS);
  const failovers: FailoverFigures[] = [];
  try {
    for (let kill = 0; kill < kills; kill++) {
      await sleep(loadMs);
      const failover = await withinTimeout(surviveCrash(group, connection, load), {
        timeoutMs,
        explain: () => overdue(connection, answers),
      });
      failovers.push(failover);
      onProgress({ ...count(), failover });
    }
    await sleep(loadMs);
    await load.stop();
    await until(() => books.stream.complete, SETTLE_TIMEOUT_MS);
    await drain(connection, `queue://${name}.store`, books.store);
  } finally {
    clearInterval(ticker);
    const stopped = load.stop();
    await connection.close();
    await Promise.all([stopped, streaming]);
  }
  const rejections = [...books.stream.rejections, ...books.store.rejections];
  return { failovers, stream: books.stream.findings(), store: books.store.findings(), rejections };
}

/** @throws what `explain` returns if `work` takes longer than `timeoutMs`. */
async function withinTimeout<T>(
  work: Promise<T>,
  { timeoutMs, explain }: { readonly timeoutMs: number | undefined; readonly explain: () => Error },
): Promise<T> {
  if (timeoutMs === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(explain()), timeoutMs);
  });
  work.catch(() => {});
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

function overdue(connection: Connection, answers: LastAnswers): Error {
  const { endpoint } = connection;
  if (endpoint) {
    const text = `The failover did not happen in time: the session is with ${formatAddress(endpoint)}, which was to be ended`;
    return new ConnectTimeoutError(text, []);
  }
  return new ConnectTimeoutError("No endpoint took over in time:", answers.failures);
}

async function surviveCrash(group: CrashableGroup, connection: Connection, load: Load): Promise<FailoverFigures> {
  const from = await sessionEndpoint(connection);
  const restored = new Promise<{ endpoint: EndpointAddress; outageMs: number; resent: number; voided: number }>(
    (resolve) => connection.once("restored", resolve),
  );
  const interrupted = new Promise<number>((resolve) => connection.once("interrupted", ({ atMs }) => resolve(atMs)));
  const failed = connection.closed.then((failure) => Promise.reject(failure ?? new Error("The connection was closed")));
  failed.catch(() => {});
  const inFlight = connection.stats().pendingSends;
  const confirmed = load.confirmedElsewhere(from);
  const crashedAt = performance.now();
  const gone = group.crash(from);
  const [confirmedAt, { endpoint, ...figures }] = await Promise.race([Promise.all([confirmed, restored]), failed]);
  await gone;
  await group.mend();
  const beganAt = group.byHand ? await interrupted : crashedAt;
  return { from, to: endpoint, inFlight, recoveryMs: confirmedAt - beganAt, ...figures };
}

/** With failback the connection may just be moving to the restarted member. */
async function sessionEndpoint(connection: Connection): Promise<EndpointAddress> {
  if (connection.endpoint) return connection.endpoint;
  const restored = new Promise<EndpointAddress>((resolve) =>
    connection.once("restored", (event) => resolve(event.endpoint)),
  );
  const failed = connection.closed.then((failure) => Promise.reject(failure ?? new Error("The connection was closed")));
  return Promise.race([restored, failed]);
}

async function receive(connection: Connection, destination: string, ledger: Ledger): Promise<void> {
  for await (const delivery of connection.consume(destination)) {
    ledger.received(delivery);
    await delivery.accept();
  }
}

async function drain(connection: Connection, destination: string, ledger: Ledger): Promise<void> {
  const consumer = connection.consume(destination);
  let lastAt = performance.now();
  const reading = (async () => {
    for await (const delivery of consumer) {
      ledger.received(delivery);
      lastAt = performance.now();
      await delivery.accept();
    }
  })();
  await until(() => ledger.complete, SETTLE_TIMEOUT_MS);
  await until(() => performance.now() - lastAt > QUIET_MS, 10 * QUIET_MS);
  await consumer.close();
  await reading;
}

async function until(condition: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition() && performance.now() < deadline) await sleep(20);
}
