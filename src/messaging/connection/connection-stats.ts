/** What a connection tells of itself: its state without its inner parts, and its figures. */
import type { EndpointAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { ConnectionState } from "../../transport/connection-state.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { ConsumersStats } from "../receiving/consuming/consumers.ts";
import type { FailoverTotals } from "../recovery/session-recovery.ts";
import type { PendingSendsStats } from "../sending/pending-sends.ts";
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

/** The figures of one connection since it was made, over all its sessions. */
export interface ConnectionStats extends PendingSendsStats, ConsumersStats, FailoverTotals {
  /** The state of the moment, as in `connection.state.name`. */
  readonly state: ConnectionStatus["name"];
  /** Requests that wait for their replies. */
  readonly requests: number;
  /** The figures of its transactions. */
  readonly transactions: TransactionStats;
}

/** The state as users see it. */
export function describeState(state: ConnectionState<MessagingSession>): ConnectionStatus {
  if (state.name === "connected") return { name: "connected", endpoint: state.endpoint, sinceMs: state.sinceMs };
  if (state.name === "closing") return { name: "closing" };
  return state;
}
