/** What a connection does when its transport reports a session: it restores first, then calls the user's listeners. */
import type { IsolatedEmitter } from "../../async/isolated-emitter.ts";
import type { TransportObserver } from "../../transport/transport-observer.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import { loginRefusedText } from "../port/login.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { SessionRecovery } from "../recovery/session-recovery.ts";
import type { ConnectionEvents } from "./connection-events.ts";

/** Reports to the user. */
interface Teller extends Pick<IsolatedEmitter<ConnectionEvents>, "emit"> {
  warn(warning: ConnectionWarning): void;
}

/**
 * `recovery` is called when a session comes, because it is created after the transport. If the returned observer
 * throws, the connection ends with INTERNAL.
 */
export function observeSessions(
  connection: Teller,
  recovery: () => SessionRecovery,
): TransportObserver<MessagingSession> {
  return {
    established: (session, endpoint) => {
      const restored = recovery().begin(session, endpoint);
      connection.emit("established", { endpoint, at: new Date() });
      return restored;
    },
    interrupted: (interruption) => {
      recovery().interrupt(interruption.cause);
      connection.emit("interrupted", interruption);
    },
    restored: (session, endpoint, outageMs) => {
      const { restored, ...restoration } = recovery().restore(session, endpoint, outageMs);
      connection.emit("restored", { endpoint, at: new Date(), outageMs, ...restoration });
      return restored;
    },
    loginRefused: ({ message, endpoint }, retryInMs) =>
      connection.warn({ code: "LOGIN_REFUSED", message: loginRefusedText(message, retryInMs), endpoint }),
    ended: (failure) => recovery().end(failure),
  };
}
