/** The settings of a transport. */
import type { OnEmit } from "../async/isolated-emitter.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import type { OpenSession, Session } from "./dial/session.ts";
import type { SearchSettings } from "./search/session-finder.ts";
import type { TransportEvents } from "./transport-events.ts";
import type { TransportObserver } from "./transport-observer.ts";

/** All settings of the transport; connect/ makes them from a URI and options. */
export type TransportSettings = SearchSettings;

export interface FailoverTransportOptions<S extends Session> {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<S>;
  readonly settings: TransportSettings;
  /** An extra line for the errors of a failed search, such as the ignored options of the URI. */
  readonly note?: string | undefined;
  /** Restores what outlives sessions; called before the listeners at each step. */
  readonly observer?: TransportObserver<S> | undefined;
  /** Called for each event, before its listeners. */
  readonly onEmit?: OnEmit<TransportEvents<S>> | undefined;
}

/** What ends connect() before there is a session. */
export interface ConnectLimits {
  /** Stops waiting when it fires; connect() then rejects with `ABORTED`. */
  readonly signal?: AbortSignal | undefined;
  /** The deadline over all rounds in ms; 0 is none. */
  readonly connectTimeoutMs?: number | undefined;
}
