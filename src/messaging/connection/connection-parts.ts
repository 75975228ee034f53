/** What a connection is made of. */
import type { OpenSession } from "../../transport/dial/session.ts";
import type { TransportSettings } from "../../transport/transport-options.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { ConsumersSettings } from "../receiving/consuming/consumers.ts";
import type { PendingSendsSettings } from "../sending/pending-sends.ts";

export interface ConnectionSettings extends PendingSendsSettings, ConsumersSettings, TransportSettings {
  readonly connectTimeoutMs: number | undefined;
  /** The timeout of sends that name none, in ms; undefined waits without limit. */
  readonly sendTimeoutMs: number | undefined;
  /** How long close() waits for sends and handlers, in ms. */
  readonly drainTimeoutMs: number;
  /** A send or subscription is tried alone after this many sessions ended with it in flight. */
  readonly poisonAfter: number;
  /** The client id that durable subscriptions belong to. */
  readonly clientId: string | undefined;
}

export interface ConnectionParts {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<MessagingSession>;
  readonly settings: ConnectionSettings;
  /** An extra line for the errors of a failed search. */
  readonly note?: string | undefined;
  /** Awaited before the first attempt, so that loading an adapter does not use up its time. */
  readonly prepared?: Promise<unknown>;
}
