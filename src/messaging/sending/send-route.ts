/** Where sends go at the moment. */
import type { EndpointAddress } from "../../errors/errors.ts";
import type { MessagingSession } from "../port/messaging-session.ts";

/** All that sends need of a session, or of a transaction. */
export type SendTarget = Pick<MessagingSession, "send">;

/** The way to the session, asked anew for each send: whoever keeps a session keeps one that may be over. */
export interface SendRoute {
  /** Takes sends now; undefined while there is no session, or while it is being restored. */
  readonly target: SendTarget | undefined;
  /** Whether there is a session, be it one that is being restored. */
  readonly connected: boolean;
  /** Where the session is, or the latest was. */
  readonly endpoint: EndpointAddress | undefined;
}
