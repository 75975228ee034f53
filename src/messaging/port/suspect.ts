/** What may be the reason why sessions die. */
import type { MasterSlaveError } from "../../errors/errors.ts";
import type { MessagingSession } from "./messaging-session.ts";

/** A send or a subscription that several sessions died with. */
export interface Suspect {
  /** How many sessions in a row died while it was written and unanswered. */
  readonly deaths: number;
  /** Gives it alone to the session; resolves when it is answered, or the session is over. */
  alone(session: MessagingSession): Promise<void>;
  /** Whether it still waits for an answer to what was written. */
  readonly unanswered: boolean;
  /** Fails it for good. */
  failAsPoison(cause: MasterSlaveError): void;
  /** Fails it for good with an error of its own. */
  fail(error: MasterSlaveError): void;
}
