/**
 * The program whose connection is measured. It runs in a host of its own, records the events of its connection, and
 * reads its own clock.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connect, createConnection } from "../../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import { serveCalls } from "../lab/serve-calls.ts";
import { now } from "../lab/shared-clock.ts";
import { Workload, type WorkloadFindings, type WorkloadSettings } from "./workload.ts";

/** One event of the connection. */
export interface Told {
  readonly event: "established" | "interrupted" | "restored" | "failed" | "warning";
  readonly atMs: number;
  readonly host?: string;
  /** The code of the event's error. */
  readonly code?: string;
  readonly message?: string;
}

export interface ClientBooks {
  readonly findings: WorkloadFindings;
  readonly told: readonly Told[];
  /** The error codes of attempts that failed after the first session. */
  readonly answers: readonly string[];
}

let connection: Connection;
let workload: Workload;
const told: Told[] = [];
const answers = new Set<string>();

const operations = {
  /** Connects, and starts to send and receive. */
  async open(uri: string, options: ConnectionOptions, load: WorkloadSettings): Promise<void> {
    connection = createConnection(uri, options);
    follow(connection);
    await connection.connect();
    workload = new Workload(connection, load);
  },

  /** Resolves with the first event of this name, or with undefined after `timeoutMs`. */
  async waitFor(event: Told["event"], timeoutMs: number): Promise<Told | undefined> {
    return await poll(() => told.find((each) => each.event === event), timeoutMs);
  },

  /** Resolves with the time of the first confirmation after `atMs`, or with undefined after `timeoutMs`. */
  async confirmedAfter(atMs: number, timeoutMs: number): Promise<number | undefined> {
    return await poll(() => workload.firstConfirmedAfter(atMs), timeoutMs);
  },

  /** Waits for the workload's results, and closes the connection. */
  async finish(timeoutMs: number): Promise<ClientBooks> {
    const findings = await workload.finish(timeoutMs);
    await connection.close({ drainTimeoutMs: 1_000 });
    return { findings, told, answers: [...answers].sort() };
  },

  /** How long a new connection takes, from the call to the established session, ms. */
  async timeToConnect(uri: string, options: ConnectionOptions): Promise<number> {
    const startedAt = now();
    const established = await connect(uri, options);
    const tookMs = now() - startedAt;
    await established.close();
    return tookMs;
  },
};
export type ClientOperations = typeof operations;

function follow(source: Connection): void {
  const tell = (event: Told["event"], more: Partial<Told> = {}): void => {
    told.push({ event, atMs: now(), ...more });
  };
  source.on("established", ({ endpoint }) => tell("established", { host: endpoint.host }));
  source.on("restored", ({ endpoint }) => tell("restored", { host: endpoint.host }));
  source.on("interrupted", ({ endpoint, cause }) => tell("interrupted", { host: endpoint.host, ...describe(cause) }));
  source.on("attempt", ({ outcome }) => {
    if (outcome !== "session" && told.length > 0) answers.add(outcome.code);
  });
  source.on("failed", (reason) => tell("failed", describe(reason)));
  source.on("warning", (warning) => tell("warning", { message: String(warning) }));
}

function describe(reason: unknown): { code: string; message: string } {
  return reason instanceof MasterSlaveError
    ? { code: reason.code, message: reason.message }
    : { code: "", message: String(reason) };
}

async function poll<T>(find: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
  const deadline = now() + timeoutMs;
  for (;;) {
    const found = find();
    if (found !== undefined || now() > deadline) return found;
    await sleep(10);
  }
}

serveCalls(operations);
