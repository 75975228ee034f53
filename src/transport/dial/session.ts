/**
 * The port between the transport and an adapter for a protocol: how a session is opened, and what the transport needs
 * of it.
 */
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";

/** Why and when a session ended. */
export interface SessionEnd {
  /** Why the session ended; CONNECTION_CLOSED if it was asked to. */
  readonly error: MasterSlaveError;
  /** `performance.now()` at the end. */
  readonly atMs: number;
}

/** One authenticated connection to one endpoint: it begins connected, ends once, and is never revived. */
export interface Session {
  /** Resolves once, when the session is over for whatever reason; never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** Whether the session has confirmed or delivered something: then its end does not count as a failed attempt. */
  readonly useful: boolean;
  /**
   * Leaves in an orderly way. Resolves when the session is over, at the latest soon after `signal` fires, which
   * destroys it. Never rejects.
   */
  close(signal: AbortSignal): Promise<void>;
  /** Ends the session now. `ended` resolves with `cause`. Idempotent. */
  destroy(cause: MasterSlaveError): void;
}

/** Closes a session of any protocol. A foreign session may reject although it must not; this function never does. */
export async function closeSession(session: Session, signal: AbortSignal): Promise<void> {
  try {
    await session.close(signal);
  } catch (cause) {
    session.destroy(MasterSlaveError.from(cause));
  }
}

/** What an adapter is given for one attempt. */
export interface OpenContext {
  /**
   * Fires when the attempt has run out of time, lost to another, or is no longer wanted: reject soon and leave nothing
   * open.
   */
  readonly signal: AbortSignal;
  /** Resolves when this attempt may speak; await it once, after TCP and TLS and before the first byte of the protocol. Rejects when `signal` fires. */
  readonly turn: () => Promise<void>;
  /**
   * Reports what the attempt waits for, for the error if it runs out of time: "connected, its handshake unanswered".
   */
  readonly stage?: ((stage: string) => void) | undefined;
}

/**
 * One attempt: dial, TLS and protocol handshake. Resolves with a session on the active endpoint. Rejects with an
 * AttemptError, whose verdict says whether the next endpoint is worth trying. A system error of Node and the
 * SessionLostError of a socket count as `next`; anything else is a bug in the adapter and ends the search.
 */
export type OpenSession<S extends Session> = (endpoint: Endpoint, context: OpenContext) => Promise<S>;
