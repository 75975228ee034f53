/** The settings and events of a transport. */
import type { AttemptError, EndpointAddress, MasterSlaveError } from "../errors/errors.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import type { OpenSession, Session } from "./dial/session.ts";
import type { SearchSettings } from "./search/session-finder.ts";
import type { TransportObserver } from "./transport-observer.ts";

/** Everything the transport is told; URIs and options become this in connect/. */
export type TransportSettings = SearchSettings;

/** Each is emitted exactly once per occurrence. */
export interface TransportEvents<S extends Session> {
  /** The first session ever. */
  established: [{ readonly endpoint: EndpointAddress; readonly session: S }];
  /** The session ended and another is looked for. */
  interrupted: [{ readonly endpoint: EndpointAddress; readonly cause: MasterSlaveError; readonly atMs: number }];
  /** A session again; `outageMs` since the last one ended. */
  restored: [{ readonly endpoint: EndpointAddress; readonly session: S; readonly outageMs: number }];
  /** No session will come any more; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  /** One endpoint answered an attempt, or the attempt was given up. */
  attempt: [{ readonly endpoint: EndpointAddress; readonly outcome: "session" | AttemptError }];
}

export interface FailoverTransportOptions<S extends Session> {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<S>;
  readonly settings: TransportSettings;
  /** A line for the errors of a search that found nobody, such as the ignored options of the URI. */
  readonly note?: string | undefined;
  /** Restores what lives across sessions; told of each step before the listeners are. */
  readonly observer?: TransportObserver<S> | undefined;
}

/** What ends connect() before there is a session. */
export interface ConnectLimits {
  /** Gives the waiting up when it fires; connect() rejects with `ABORTED` then. */
  readonly signal?: AbortSignal | undefined;
  /** Over all rounds; 0 is none. */
  readonly connectTimeoutMs?: number | undefined;
}
