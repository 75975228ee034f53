/** What the transport tells the one who restores things on its sessions, before it tells any listener. */
import { type EndpointAddress, MasterSlaveError } from "../errors/errors.ts";
import type { Session } from "./dial/session.ts";

/**
 * Unlike a listener the observer is part of the connection's work: a throw in it means that something which the user relies
 * on was not restored, so the transport ends the connection with INTERNAL and the thrown value as the cause.
 */
export interface TransportObserver<S extends Session> {
  /** There is the first session ever. What is restored later is a promise; its rejection counts as a throw. */
  established(session: S, endpoint: EndpointAddress): void | Promise<void>;
  /** The session at `endpoint` ended because of `cause`, at `atMs` of `performance.now()`; another one is looked for. */
  interrupted(interruption: {
    readonly endpoint: EndpointAddress;
    readonly cause: MasterSlaveError;
    readonly atMs: number;
  }): void;
  /** There is a session again, `outageMs` milliseconds after the last one ended. A promise as for `established`. */
  restored(session: S, endpoint: EndpointAddress, outageMs: number): void | Promise<void>;
  /** After a first session a login was refused; it is asked again after `retryInMs` milliseconds. */
  loginRefused?(error: MasterSlaveError, retryInMs: number): void;
  /** No session will come any more. `failure` is undefined after `close()`. */
  ended(failure: MasterSlaveError | undefined): void;
}

/** An observer's throw as the error that the connection ends with. `what` names the step that failed. */
export function observerFailure(what: string, reason: unknown, endpoint?: EndpointAddress): MasterSlaveError {
  const { message } = MasterSlaveError.from(reason);
  return new MasterSlaveError("INTERNAL", `${what} failed, so the connection was ended: ${message}`, {
    cause: reason,
    endpoint,
  });
}
