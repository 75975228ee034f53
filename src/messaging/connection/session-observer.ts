/** What a connection does when its transport tells of a session: restores first, then tells the user's listeners. */
import type { IsolatedEmitter } from "../../async/isolated-emitter.ts";
import type { TransportObserver } from "../../transport/transport-observer.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import { loginRefusedText } from "../port/login.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { SessionRecovery } from "../recovery/session-recovery.ts";
import type { ConnectionEvents } from "./connection-events.ts";

/** What tells the user. */
interface Teller extends Pick<IsolatedEmitter<ConnectionEvents>, "emit"> {
  warn(warning: ConnectionWarning): void;
}

/** `recovery` is asked for when a session comes: it is made after the transport. A throw in what is returned ends the connection with INTERNAL. */
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
