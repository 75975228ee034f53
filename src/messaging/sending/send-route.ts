/** Where sends go at the moment. */
import type { EndpointAddress } from "../../errors/errors.ts";
import type { MessagingSession } from "../port/messaging-session.ts";

/** All that sends need of a session, or of a transaction. */
export type SendTarget = Pick<MessagingSession, "send">;

/** The way to the current session. Read it anew for each send, because a session that you keep may be over. */
export interface SendRoute {
  /**
   * The session, or a transaction, that takes sends now; undefined while there is no session, or while it is being
   * restored.
   */
  readonly target: SendTarget | undefined;
  /** Whether there is a session, even one that is still being restored. */
  readonly connected: boolean;
  /** The endpoint of the session, or of the latest one. */
  readonly endpoint: EndpointAddress | undefined;
}
