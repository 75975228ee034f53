/** What a connection is made of and what it tells: its settings and its events. */
import type { EndpointAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { OpenSession } from "../../transport/dial/session.ts";
import type { TransportEvents, TransportSettings } from "../../transport/transport-options.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { ConsumersSettings } from "../receiving/consuming/consumers.ts";
import type { HandlerFailure } from "../receiving/handling/redelivery-policy.ts";
import type { PendingSendsSettings } from "../sending/pending-sends.ts";

export interface ConnectionSettings extends PendingSendsSettings, ConsumersSettings, TransportSettings {
  readonly connectTimeoutMs: number | undefined;
  /** For sends that name none; undefined waits for ever. */
  readonly sendTimeoutMs: number | undefined;
  /** How long close() waits for what is under way, ms. */
  readonly drainTimeoutMs: number;
  /** After so many sessions died with something in flight it is tried alone. */
  readonly poisonAfter: number;
  /** Durable subscriptions belong to it. */
  readonly clientId: string | undefined;
}

export interface ConnectionParts {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<MessagingSession>;
  readonly settings: ConnectionSettings;
  /** A line for the errors of a search that found nobody. */
  readonly note?: string | undefined;
  /** Waited for before the first attempt, so that loading an adapter does not eat its time. */
  readonly prepared?: Promise<unknown>;
}

/** Each is emitted exactly once per occurrence. Listen between createConnection and connect to hear the first. */
export interface ConnectionEvents {
  /** The first session ever. */
  established: [{ readonly endpoint: EndpointAddress }];
  /** The session ended; sends are held and another session is looked for. */
  interrupted: [{ readonly endpoint: EndpointAddress; readonly cause: MasterSlaveError; readonly atMs: number }];
  /** A session again. `resent`: sends written again because their outcome was unknown; `voided`: unsettled deliveries that come again. */
  restored: [
    { readonly endpoint: EndpointAddress; readonly outageMs: number; readonly resent: number; readonly voided: number },
  ];
  /** The connection is over without `close()`; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  /** Of every attempt at an endpoint, before and after the first session: that it led to a session, or why it failed. */
  attempt: TransportEvents<MessagingSession>["attempt"];
  /** A broker named an endpoint that was not known, and the option `alternates` takes it: it is tried from now on. */
  alternate: [{ readonly endpoint: EndpointAddress }];
  /** A handler of run() or respond() threw: which message, why, and what becomes of it. While nobody listens, the first is a process warning. */
  handlerFailed: [HandlerFailure];
  /** Nothing has failed, but somebody should know. */
  warning: [ConnectionWarning];
}
