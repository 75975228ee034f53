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

/** The figures of one connection since it was made, over all its sessions. */
export interface ConnectionStats {
  /** The state of the moment, as in `connection.state.name`. */
  readonly state: ConnectionStatus["name"];
  /** Sends within the bounds that the broker has not answered yet, and what they weigh; also those whose callers gave up after they were written. */
  readonly pendingSends: number;
  /** What the pending sends weigh, in bytes of body and properties. */
  readonly pendingBytes: number;
  /** Sends that wait for room. */
  readonly waitingSends: number;
  /** Sends a full broker has refused, which wait to be sent again (`whenFull: "hold"`). */
  readonly deferredSends: number;
  /** For how long the broker has answered none of the sends it was given, ms; 0 below a second. Then it is out of memory or room, or does not read this connection. */
  readonly blockedMs: number;
  /** Sends that the broker has confirmed. */
  readonly confirmed: number;
  /** Sends whose promise rejected. */
  readonly failed: number;
  /** Consumers that are open. */
  readonly consumers: number;
  /** Deliveries handed over that can still be settled. */
  readonly unsettled: number;
  /** Deliveries handed to consumers. */
  readonly received: number;
  /** Those of them that had been handed out before, here or elsewhere. */
  readonly redelivered: number;
  /** Deliveries settled by accept(), reject(), release() or modify(). */
  readonly settled: number;
  /** Of the settled those that were accepted, also in a transaction. */
  readonly accepted: number;
  /** Of the settled those that were rejected: dead letters, where the broker keeps them. */
  readonly rejected: number;
  /** Of the settled those that went back to the broker, by release() or modify(). */
  readonly released: number;
  /** Calls of the handlers of run() and respond() that threw or rejected; each raised the event `handlerFailed`. */
  readonly handlerFailures: number;
  /** Deliveries that were settled after their session had ended; they come again. */
  readonly stale: number;
  /** Twins of accepted messages that were settled without being handed over. */
  readonly deduplicated: number;
  /** Messages that were rejected because they cannot be read or are larger than `maxMessageBytes`; each raised a warning. */
  readonly unreadable: number;
  /** Requests that wait for their replies. */
  readonly requests: number;
  /** The figures of its transactions. */
  readonly transactions: TransactionStats;
  /** How often a session was followed by another. */
  readonly failovers: number;
  /** Sends written again after a failover. */
  readonly resent: number;
  /** Deliveries that failovers made stale. */
  readonly voided: number;
  /** How long there was no session between the first and the latest, in all, ms. */
  readonly outageMs: number;
  /** How long the latest failover took, from the end of one session to the next, ms; undefined before the first. */
  readonly lastOutageMs: number | undefined;
}

/** The state as users see it. */
export function describeState(state: ConnectionState<MessagingSession>): ConnectionStatus {
  if (state.name === "connected") return { name: "connected", endpoint: state.endpoint, sinceMs: state.sinceMs };
  if (state.name === "closing") return { name: "closing" };
  return state;
}
