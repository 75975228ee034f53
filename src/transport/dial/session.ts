/** The port between the transport and whatever speaks a protocol: how a session is opened, and what the transport needs of it. */
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";

/** Why and when a session ended. */
export interface SessionEnd {
  /** Why the session ended; undefined when it was asked to. */
  readonly error: MasterSlaveError;
  /** `performance.now()` at the end. */
  readonly atMs: number;
}

/** One authenticated connection to one endpoint: born connected, dies once, is never revived. */
export interface Session {
  /** Resolves once, when the session is over for whatever reason; never rejects. */
  readonly ended: Promise<SessionEnd>;
  /** The session has confirmed or delivered something: its end does not count as a failed attempt. */
  readonly useful: boolean;
  /** Leave in an orderly way; resolves when over, at the latest soon after `signal` fires (then by destroying). Never rejects. */
  close(signal: AbortSignal): Promise<void>;
  /** Over now. `ended` resolves with `cause`. Idempotent. */
  destroy(cause: MasterSlaveError): void;
}

/** A session of somebody else's protocol may break its word never to reject; close() keeps ours. */
export async function closeSession(session: Session, signal: AbortSignal): Promise<void> {
  try {
    await session.close(signal);
  } catch (cause) {
    session.destroy(MasterSlaveError.from(cause));
  }
}

/** What an adapter is given for one attempt. */
export interface OpenContext {
  /** Fires when the attempt has run out of time, lost to another, or is no longer wanted: reject soon and leave nothing open. */
  readonly signal: AbortSignal;
  /** Resolves when this attempt may speak; await it once, after TCP and TLS and before the first byte of the protocol. Rejects when `signal` fires. */
  readonly turn: () => Promise<void>;
  /** Told what is waited for from now on, for the error of an attempt that runs out of time: "connected, its handshake unanswered". */
  readonly stage?: ((stage: string) => void) | undefined;
}

/**
 * One attempt: dial, TLS and protocol handshake. Resolves with a session on the active endpoint; rejects with an
 * AttemptError, whose verdict says whether the next endpoint is worth trying. A system error of Node's and the
 * SessionLostError of a socket count as `next`; anything else is a mistake of the code and ends the search.
 */
export type OpenSession<S extends Session> = (endpoint: Endpoint, context: OpenContext) => Promise<S>;
