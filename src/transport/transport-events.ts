/** The events of a transport. */
import type { EmitterDescription } from "../async/isolated-emitter.ts";
import type { AttemptError, EndpointAddress, MasterSlaveError } from "../errors/errors.ts";
import type { Session } from "./dial/session.ts";
import type { EndpointAnswer } from "./search/endpoint-answers.ts";

/** Each event is emitted exactly once per occurrence. */
export interface TransportEvents<S extends Session> {
  /** The first session of the transport has begun. */
  established: [{ readonly endpoint: EndpointAddress; readonly session: S; readonly at: Date }];
  /** The session ended at `at` (`atMs` of `performance.now()`), and another session is looked for. */
  interrupted: [Interruption];
  /** A new session has begun, `outageMs` milliseconds after the last one ended. */
  restored: [{ readonly endpoint: EndpointAddress; readonly session: S; readonly outageMs: number; readonly at: Date }];
  /**
   * connect() or a failover is still waiting for a session. Emitted after 1, 2, 4, 8, 16 and 32 s, then every 30 s,
   * with the last answer of each endpoint.
   */
  waiting: [Waiting];
  /** The transport is over without `close()`; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. The argument is undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  /** One endpoint answered an attempt, or the attempt was given up. */
  attempt: [{ readonly endpoint: EndpointAddress; readonly outcome: "session" | AttemptError; readonly at: Date }];
}

/** The end of a session that is followed by a search for the next. */
export interface Interruption {
  /** The endpoint of the session. */
  readonly endpoint: EndpointAddress;
  /** Why the session ended. */
  readonly cause: MasterSlaveError;
  /** When the session ended. */
  readonly at: Date;
  /** The end of the session as a value of `performance.now()`, for measuring how long the outage lasts. */
  readonly atMs: number;
}

/** The progress of a search for a session. */
export interface Waiting {
  /** When the event was emitted. */
  readonly at: Date;
  /** When the wait began: at the call of connect(), or at the end of the last session. */
  readonly since: Date;
  /** How long the search has lasted, in ms. */
  readonly waitedMs: number;
  /** How many rounds over the endpoints have failed. */
  readonly rounds: number;
  /** The last answer of every endpoint, in list order, including endpoints that have not answered. */
  readonly endpoints: readonly EndpointAnswer[];
}

/**
 * The names of the events, and what takes the place of "error", for the hint that a listener to an unknown event gets.
 */
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
