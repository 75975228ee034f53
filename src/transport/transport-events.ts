/** What a transport tells its listeners. */
import type { EmitterDescription } from "../async/isolated-emitter.ts";
import type { AttemptError, EndpointAddress, MasterSlaveError } from "../errors/errors.ts";
import type { Session } from "./dial/session.ts";
import type { EndpointAnswer } from "./search/endpoint-answers.ts";

/** Each is emitted exactly once per occurrence. */
export interface TransportEvents<S extends Session> {
  /** The first session ever. */
  established: [{ readonly endpoint: EndpointAddress; readonly session: S; readonly at: Date }];
  /** The session ended at `at` (`atMs` of `performance.now()`), and another is looked for. */
  interrupted: [Interruption];
  /** A session again; `outageMs` since the last one ended. */
  restored: [{ readonly endpoint: EndpointAddress; readonly session: S; readonly outageMs: number; readonly at: Date }];
  /** No session yet, or none again: told after 1, 2, 4, 8, 16 and 32 s, then every 30 s, with what each endpoint answered last. */
  waiting: [Waiting];
  /** No session will come any more; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  /** One endpoint answered an attempt, or the attempt was given up. */
  attempt: [{ readonly endpoint: EndpointAddress; readonly outcome: "session" | AttemptError; readonly at: Date }];
}

/** The end of a session that is followed by a search for the next. */
export interface Interruption {
  /** Where the session was. */
  readonly endpoint: EndpointAddress;
  /** Why it ended. */
  readonly cause: MasterSlaveError;
  /** When it ended. */
  readonly at: Date;
  /** The same moment of `performance.now()`, to measure from. */
  readonly atMs: number;
}

/** How a search for a session stands. */
export interface Waiting {
  /** When this was told. */
  readonly at: Date;
  /** Since when there is no session: connect() was called, or the last session ended. */
  readonly since: Date;
  /** For how long it has been looked for one, ms. */
  readonly waitedMs: number;
  /** How many passes over the endpoints have failed. */
  readonly rounds: number;
  /** What each endpoint answered last, those too that have not answered, in list order. */
  readonly endpoints: readonly EndpointAnswer[];
}

/** Their names, and what stands for "error", as listeners are told when they ask for another. */
export const TRANSPORT_EMITTER: EmitterDescription<TransportEvents<Session>> = {
  what: "a transport",
  events: {
    established: true,
    interrupted: true,
    restored: true,
    waiting: true,
    failed: true,
    closed: true,
    attempt: true,
  },
  insteadOfError: "failed and closed",
};
