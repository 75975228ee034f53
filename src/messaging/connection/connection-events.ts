/** What a connection tells its listeners. */
import type { EmitterDescription } from "../../async/isolated-emitter.ts";
import { type EndpointAddress, formatAddress, type MasterSlaveError } from "../../errors/errors.ts";
import { printableLine } from "../../errors/printable.ts";
import { textOf } from "../../errors/text-of.ts";
import { type DebugLines, TRANSPORT_LINES } from "../../transport/debug-log.ts";
import type { Interruption, TransportEvents, Waiting } from "../../transport/transport-events.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { HandlerFailure } from "../receiving/handling/redelivery-policy.ts";

/** Each is emitted exactly once per occurrence. Listen between createConnection and connect to hear the first. */
export interface ConnectionEvents {
  /** The first session ever. */
  established: [{ readonly endpoint: EndpointAddress; readonly at: Date }];
  /** The session ended at `at` (`atMs` of `performance.now()`); sends are held and another session is looked for. */
  interrupted: [Interruption];
  /** A session again. `resent`: sends written again because their outcome was unknown; `voided`: unsettled deliveries that come again. */
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
   * connect() waits, or a failover does: told after 1, 2, 4, 8, 16 and 32 s, then every 30 s, with what each endpoint
   * answered last, how often it was tried and since when.
   */
  waiting: [Waiting];
  /** The connection is over without `close()`; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  /** Of every attempt at an endpoint, before and after the first session: that it led to a session, or why it failed. */
  attempt: TransportEvents<MessagingSession>["attempt"];
  /** A broker named an endpoint that was not known, and the option `alternates` takes it: it is tried from now on. */
  alternate: [{ readonly endpoint: EndpointAddress; readonly at: Date }];
  /** A handler of run() or respond() threw: which message, why, and what becomes of it. While nobody listens, the first is a process warning. */
  handlerFailed: [HandlerFailure];
  /** Nothing has failed, but somebody should know. */
  warning: [ConnectionWarning & { readonly at: Date }];
}

/** Their names, and what stands for "error", as listeners are told when they ask for another. */
export const CONNECTION_EMITTER: EmitterDescription<ConnectionEvents> = {
  what: "a connection",
  events: {
    established: true,
    interrupted: true,
    restored: true,
    waiting: true,
    failed: true,
    closed: true,
    attempt: true,
    alternate: true,
    handlerFailed: true,
    warning: true,
  },
  insteadOfError: "failed, closed and warning",
};

/** What NODE_DEBUG=masterslave-transport prints of each. */
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
