/** A send or subscription that may be the reason why sessions end. */
import type { MasterSlaveError } from "../../errors/errors.ts";
import type { MessagingSession } from "./messaging-session.ts";

/** A send or a subscription that was in flight when several sessions ended. */
export interface Suspect {
  /** How many sessions in a row ended while it was written and unanswered. */
  readonly deaths: number;
  /** Gives it alone to the session; resolves when it is answered, or when the session is over. */
  alone(session: MessagingSession): Promise<void>;
  /** Whether it was written and still waits for an answer. */
  readonly unanswered: boolean;
  /** Fails it for good. */
  failAsPoison(cause: MasterSlaveError): void;
  /** Fails it for good with an error of its own. */
  fail(error: MasterSlaveError): void;
}
