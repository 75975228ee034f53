/** Sends and receives through a group while its active member is crashed again and again, and keeps the books. */
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection } from "../../connect/connect.ts";
import { ConnectTimeoutError, type EndpointAddress, formatAddress } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Credentials } from "../../uri/endpoint.ts";
import { LastAnswers } from "./last-answers.ts";
import { Ledger, type LedgerFindings } from "./ledger.ts";
import { Load } from "./load.ts";

/** A group that can be hurt: an embedded one, a pair of real brokers, or whatever a user's own test starts. */
export interface CrashableGroup {
  /** The group's URI, over the protocol to rehearse. */
  readonly uri: string;
  /** How to log in; not at all unless said. */
  readonly credentials?: Credentials | undefined;
  /** Ends the active member the hard way: the signal is sent before the call returns, the promise resolves when it is gone. */
  crash(active: EndpointAddress): Promise<void>;
  /** Brings the crashed member back as standby. */
  mend(): Promise<void>;
  /** Somebody else does the crashing when crash() asks for it: recovery then counts from the end of the session. */
  readonly byHand?: boolean;
}

/** What rehearseFailover() may be told. */
export interface RehearsalOptions {
  /** How often the active member is crashed. */
  readonly kills: number;
  /** Unconfirmed sends at any time; 100. */
  readonly window?: number | undefined;
  /** Sends per second at most; unlimited unless said. */
  readonly rate?: number | undefined;
  /** How long the load runs before each crash, ms; 700. */
  readonly loadMs?: number | undefined;
  /** What queue names begin with; new for each run unless said. */
  readonly name?: string | undefined;
  /** How long the first session and each failover may take, ms; unlimited unless said. */
  readonly timeoutMs?: number | undefined;
  /** Told what an endpoint answered: `"session"`, or why it is not the active one. Only when that differs from its last answer. */
  readonly onAnswer?: ((endpoint: EndpointAddress, answer: "session" | Error) => void) | undefined;
  /** Told of the counts several times a second, and of each failover. */
  readonly onProgress?: ((progress: RehearsalProgress) => void) | undefined;
}

/** How far a rehearsal has come. */
export interface RehearsalProgress {
  /** Sends begun so far. */
  readonly sent: number;
  /** Sends confirmed so far. */
  readonly confirmed: number;
  /** Deliveries so far. */
  readonly received: number;
  /** Set when a failover has just been survived. */
  readonly failover?: FailoverFigures;
}

/** One failover that was survived. */
export interface FailoverFigures {
  /** The member that was crashed. */
  readonly from: EndpointAddress;
  /** The member that took over. */
  readonly to: EndpointAddress;
  /** Sends without a confirmation when the signal was sent. */
  readonly inFlight: number;
  /** From the end of the session to the next one, ms. */
  readonly outageMs: number;
  /** From the crash (or, by hand, the end of the session) to the first confirmation by another member, ms. */
  readonly recoveryMs: number;
  /** Sends that were written again on the next session. */
  readonly resent: number;
  /** Deliveries that became stale. */
  readonly voided: number;
}

/** The books of a rehearsal. */
export interface RehearsalReport {
  /** Each failover, in order. */
  readonly failovers: readonly FailoverFigures[];
  /** The queue that a consumer works off meanwhile. */
  readonly stream: LedgerFindings;
  /** The queue that is only drained at the end: every fifth message. */
  readonly store: LedgerFindings;
  /** Why sends were rejected: the first few reasons. */
  readonly rejections: readonly unknown[];
}

/** Every fifth message is kept until the end: enough to find doubles, little enough to keep. */
const STORE_EVERY = 5;
const PROGRESS_EVERY_MS = 200;
const SETTLE_TIMEOUT_MS = 60_000;
/** A second copy may stand at the very end of a queue. */
const QUIET_MS = 500;

/** Resolves with the books; rejects when the group cannot be reached or hurt. The group is left running. */
export async function rehearseFailover(group: CrashableGroup, options: RehearsalOptions): Promise<RehearsalReport> {
  const { kills, window = 100, rate, loadMs = 700, name = `rehearsal.${Date.now()}`, onProgress = () => {} } = options;
  const { timeoutMs } = options;
  const books = { stream: new Ledger({ undisturbed: false }), store: new Ledger({ undisturbed: true }) };
  const connection = createConnection(group.uri, { credentials: group.credentials, connectTimeoutMs: timeoutMs });
  const answers = new LastAnswers(options.onAnswer);
  connection.on("attempt", ({ endpoint, outcome }) => answers.note(endpoint, outcome));
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

/** @throws what `explain` returns when `work` takes longer than `timeoutMs`. */
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

/** Where a group fails back, the connection may be on its way to the mended member. */
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
