/** The events of a connection. */
import type { EmitterDescription } from "../../async/isolated-emitter.ts";
import { type EndpointAddress, formatAddress, type MasterSlaveError } from "../../errors/errors.ts";
import { printableLine } from "../../errors/printable.ts";
import { textOf } from "../../errors/text-of.ts";
import { type DebugLines, TRANSPORT_LINES } from "../../transport/debug-log.ts";
import {
  type Interruption,
  TRANSPORT_EMITTER,
  type TransportEvents,
  type Waiting,
} from "../../transport/transport-events.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { HandlerFailure } from "../receiving/handling/redelivery-policy.ts";

/**
 * Each event is emitted once per occurrence. To hear the first ones, add listeners between createConnection() and
 * connect().
 */
export interface ConnectionEvents {
  /** The first session of the connection has begun. */
  established: [{ readonly endpoint: EndpointAddress; readonly at: Date }];
  /** The session ended at `at` (`atMs` of `performance.now()`); sends are held and another session is looked for. */
  interrupted: [Interruption];
  /**
   * A new session has begun after an interruption. `resent`: sends written again because their outcome was unknown;
   * `voided`: unsettled deliveries that come again.
   */
  restored: [
    {
      readonly endpoint: EndpointAddress;
      readonly at: Date;
      readonly outageMs: number;
      readonly resent: number;
      readonly voided: number;
    },
  ];
  /**
   * connect() or a failover is still waiting for a session. Emitted after 1, 2, 4, 8, 16 and 32 s, then every 30 s,
   * with the last answer of each endpoint, how often it was tried, and since when it answers so.
   */
  waiting: [Waiting];
  /** The connection is over without `close()`; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. The argument is undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  /**
   * An attempt at an endpoint has ended, before or after the first session: it led to a session, or it says why it
   * failed.
   */
  attempt: TransportEvents<MessagingSession>["attempt"];
  /** A broker named an endpoint that was not known, and the option `alternates` accepts it: it is tried from now on. */
  alternate: [{ readonly endpoint: EndpointAddress; readonly at: Date }];
  /**
   * A handler of run() or respond() threw: which message, why, and what becomes of it. If nobody listens, the first
   * failure becomes a process warning.
   */
  handlerFailed: [HandlerFailure];
  /** Nothing has failed, but somebody should know. */
  warning: [ConnectionWarning & { readonly at: Date }];
}

/**
 * The names of the events, and what takes the place of "error", for the hint that a listener to an unknown event gets.
 */
export const CONNECTION_EMITTER: EmitterDescription<ConnectionEvents> = {
  what: "a connection",
  events: {
    ...TRANSPORT_EMITTER.events,
    alternate: true,
    handlerFailed: true,
    warning: true,
  },
  insteadOfError: "failed, closed and warning",
};

/** What NODE_DEBUG=masterslave-transport prints for each event. */
export const CONNECTION_LINES: DebugLines<ConnectionEvents> = {
  ...TRANSPORT_LINES,
  established: ({ endpoint }) => formatAddress(endpoint),
  restored: ({ endpoint, outageMs, resent, voided }) =>
    `${formatAddress(endpoint)}, after ${outageMs.toFixed(0)} ms; ${resent} sends are sent again, ${voided} deliveries come again`,
  alternate: ({ endpoint }) => `${formatAddress(endpoint)}, named by a broker`,
  handlerFailed: ({ messageId, destination, attempt, outcome, error }) =>
    `${printableLine(destination)}, message ${printableLine(messageId ?? "without an id")}, attempt ${attempt}, then ${outcome}: ${printableLine(textOf(error))}`,
  warning: ({ code, message }) => `${code} ${message}`,
};
