/** The settings of a transport. */
import type { OnEmit } from "../async/isolated-emitter.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import type { OpenSession, Session } from "./dial/session.ts";
import type { SearchSettings } from "./search/session-finder.ts";
import type { TransportEvents } from "./transport-events.ts";
import type { TransportObserver } from "./transport-observer.ts";

/** Everything the transport is told; URIs and options become this in connect/. */
export type TransportSettings = SearchSettings;

export interface FailoverTransportOptions<S extends Session> {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<S>;
  readonly settings: TransportSettings;
  /** A line for the errors of a search that found nobody, such as the ignored options of the URI. */
  readonly note?: string | undefined;
  /** Restores what lives across sessions; told of each step before the listeners are. */
  readonly observer?: TransportObserver<S> | undefined;
  /** Told of each event before the listeners are. */
  readonly onEmit?: OnEmit<TransportEvents<S>> | undefined;
}

/** What ends connect() before there is a session. */
export interface ConnectLimits {
  /** Gives the waiting up when it fires; connect() rejects with `ABORTED` then. */
  readonly signal?: AbortSignal | undefined;
  /** Over all rounds; 0 is none. */
  readonly connectTimeoutMs?: number | undefined;
}
