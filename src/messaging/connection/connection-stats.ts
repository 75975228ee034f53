/** What a connection tells of itself: its state without its inner parts, and its figures. */
import type { EndpointAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { ConnectionState } from "../../transport/connection-state.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { TransactionStats } from "../transactions/transactions.ts";

/** `sinceMs`: `performance.now()` when the state began; `rounds`: how many passes over the endpoints have failed in it. */
export type ConnectionStatus =
  | { readonly name: "idle" }
  | { readonly name: "connecting"; readonly rounds: number; readonly lastError: MasterSlaveError | undefined }
  | { readonly name: "connected"; readonly endpoint: EndpointAddress; readonly sinceMs: number }
  | {
      readonly name: "interrupted";
      readonly endpoint: EndpointAddress;
      readonly sinceMs: number;
      readonly rounds: number;
      readonly lastError: MasterSlaveError;
    }
  | { readonly name: "closing" }
  | { readonly name: "closed"; readonly lastError: MasterSlaveError | undefined };

export interface ConnectionStats {
  readonly state: ConnectionStatus["name"];
  /** Sends within the bounds that the broker has not answered yet, and what they weigh; also those whose callers gave up after they were written. */
  readonly pendingSends: number;
  readonly pendingBytes: number;
  /** Sends that wait for room. */
  readonly waitingSends: number;
  /** Sends a full broker has refused, which wait to be sent again (`whenFull: "hold"`). */
  readonly deferredSends: number;
  /** For how long the broker has answered none of the sends it was given, ms; 0 below a second. Then it is out of memory or room, or does not read this connection. */
  readonly blockedMs: number;
  readonly confirmed: number;
  /** Sends whose promise rejected. */
  readonly failed: number;
  readonly consumers: number;
  /** Deliveries handed over that can still be settled. */
  readonly unsettled: number;
  readonly received: number;
  readonly redelivered: number;
  readonly settled: number;
  readonly stale: number;
  /** Twins of accepted messages that were settled without being handed over. */
  readonly deduplicated: number;
  /** Requests that wait for their replies. */
  readonly requests: number;
  readonly transactions: TransactionStats;
  readonly failovers: number;
  /** Sends written again after a failover. */
  readonly resent: number;
  /** Deliveries that failovers made stale. */
  readonly voided: number;
  readonly outageMs: number;
  readonly lastOutageMs: number | undefined;
}

/** The state as users see it. */
export function describeState(state: ConnectionState<MessagingSession>): ConnectionStatus {
  if (state.name === "connected") return { name: "connected", endpoint: state.endpoint, sinceMs: state.sinceMs };
  if (state.name === "closing") return { name: "closing" };
  return state;
}
