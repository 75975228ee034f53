/** What the transport tells the part that restores state on its sessions, before it tells any listener. */
import { type EndpointAddress, MasterSlaveError } from "../errors/errors.ts";
import type { Session } from "./dial/session.ts";
import type { Interruption } from "./transport-events.ts";

/**
 * Unlike a listener, the observer is part of the connection: if it throws, something that the user relies on was not
 * restored. The transport then ends the connection with INTERNAL and the thrown value as the cause.
 */
export interface TransportObserver<S extends Session> {
  /**
   * The first session was opened. It may return a promise for work that finishes later; a rejection counts as a throw.
   */
  established(session: S, endpoint: EndpointAddress): void | Promise<void>;
  /** The session ended; the transport looks for another one. */
  interrupted(interruption: Interruption): void;
  /**
   * A session was opened `outageMs` milliseconds after the last one ended. A returned promise counts as for
   * `established`.
   */
  restored(session: S, endpoint: EndpointAddress, outageMs: number): void | Promise<void>;
  /** A login was refused after the first session; it is tried again after `retryInMs` milliseconds. */
  loginRefused?(error: MasterSlaveError, retryInMs: number): void;
  /** No further session will come. `failure` is undefined after `close()`. */
  ended(failure: MasterSlaveError | undefined): void;
}

/** Makes the error that ends the connection when the observer throws. `what` names the step that failed. */
export function observerFailure(what: string, reason: unknown, endpoint?: EndpointAddress): MasterSlaveError {
  const { message } = MasterSlaveError.from(reason);
  return new MasterSlaveError("INTERNAL", `${what} failed, so the connection was ended: ${message}`, {
    cause: reason,
    endpoint,
  });
}
