/**
 * Finding what kills sessions. Both brokers close the connection on some bad frames without naming the culprit; replayed
 * with the rest it would kill every session to come. So whatever was in flight at too many ends is tried alone first.
 */
import type { MasterSlaveError } from "../errors.ts";
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
}

/** Tries each suspect alone. Resolves with whether the session outlived them all; the one it did not outlive has failed. */
export async function clearSuspects(session: MessagingSession, suspects: readonly Suspect[]): Promise<boolean> {
  let cause: MasterSlaveError | undefined;
  void session.ended.then(({ error }) => {
    cause = error;
  });
  for (const suspect of suspects) {
    const { deaths } = suspect;
    await suspect.alone(session);
    if (cause === undefined) continue;
    // Only what had been written can have been what killed the session.
    if (suspect.unanswered || suspect.deaths > deaths) suspect.failAsPoison(cause);
    return false;
  }
  return true;
}
