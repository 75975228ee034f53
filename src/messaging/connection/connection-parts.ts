/** What a connection is made of. */
import type { OpenSession } from "../../transport/dial/session.ts";
import type { TransportSettings } from "../../transport/transport-options.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { ConsumersSettings } from "../receiving/consuming/consumers.ts";
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
