/** The state of a connection without its inner parts, and its figures. */
import { type EndpointAddress, formatAddress, type MasterSlaveError } from "../../errors/errors.ts";
import type { ConnectionState } from "../../transport/connection-state.ts";
import type { DestinationStats } from "../messages/destination-figures.ts";
import type { Broker, MessagingSession } from "../port/messaging-session.ts";
import type { ConsumersStats } from "../receiving/consuming/consumers.ts";
import type { FailoverTotals } from "../recovery/session-recovery.ts";
import type { PendingSendsStats } from "../sending/pending-sends.ts";
import type { TransactionStats } from "../transactions/transactions.ts";

/**
 * `since`: when the state began. `sinceMs`: the same as a `performance.now()`. `rounds`: how many rounds over the
 * endpoints have failed in this state.
 */
export type ConnectionStatus =
  | { readonly name: "idle" }
  | {
      readonly name: "connecting";
      readonly since: Date;
      readonly rounds: number;
      readonly lastError: MasterSlaveError | undefined;
    }
  | { readonly name: "connected"; readonly endpoint: EndpointAddress; readonly since: Date; readonly sinceMs: number }
  | {
      readonly name: "interrupted";
      readonly endpoint: EndpointAddress;
      readonly since: Date;
      readonly sinceMs: number;
      readonly rounds: number;
      readonly lastError: MasterSlaveError;
    }
  | { readonly name: "closing" }
  | { readonly name: "closed"; readonly lastError: MasterSlaveError | undefined };

/** The figures of one connection since it was created, over all its sessions. */
export interface ConnectionStats extends PendingSendsStats, ConsumersStats, FailoverTotals {
  /** The present state, as in `connection.state.name`. */
  readonly state: ConnectionStatus["name"];
  /** When these figures were read. */
  readonly at: Date;
  /** When the present session began; undefined while there is none. */
  readonly connectedSince: Date | undefined;
  /** Requests that wait for their replies. */
  readonly requests: number;
  /** The figures of its transactions. */
  readonly transactions: TransactionStats;
  /**
   * The figures of each destination, as `queue://NAME` or `topic://NAME`: sends by where they went, deliveries by what their
   * consumer asked for. The first 100 have figures of their own; the rest, and temporary ones, are summed as `(others)`.
   */
  readonly destinations: Readonly<Record<string, DestinationStats>>;
}

/** What inspect() shows of a connection. */
export function inspectedFacts(status: ConnectionStatus, broker: Broker | undefined, pending: number): object {
  const { product, version = "" } = broker ?? {};
  return {
    state: status.name,
    ...("endpoint" in status && { endpoint: formatAddress(status.endpoint) }),
    ...(product !== undefined && { broker: `${product} ${version}`.trim() }),
    pending,
    ...("lastError" in status &&
      status.lastError && { lastError: `${status.lastError.code} ${status.lastError.message}` }),
  };
}

/** The state as users see it. */
export function describeState(state: ConnectionState<MessagingSession>): ConnectionStatus {
  if (state.name === "connected") {
    const { session: _, ...rest } = state;
    return rest;
  }
  if (state.name === "closing") return { name: "closing" };
  return state;
}
