/**
 * Finds what makes sessions end. Both brokers close the connection for some bad frames without naming them; sent again
 * with the rest, such a frame would end every later session. So whatever was in flight when too many sessions ended is
 * first tried alone.
 */

import { settledOr } from "../../async/timer.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { Suspect } from "../port/suspect.ts";
import { whenEnded } from "../port/when-ended.ts";

/**
 * A suspect that is neither answered nor fatal after this time no longer delays the rest. A broker without room for it
 * grants no credit, and may wait for the very consumers that wait here. It is longer than heart-beats take to find a
 * dead peer.
 */
const PATIENCE_MS = 30_000;

/**
 * Tries each suspect alone. Resolves with whether the session outlived them all; a suspect that it did not outlive has
 * failed. One that is not answered within `patienceMs` stays with the session, and remains a suspect.
 */
export async function clearSuspects(
  session: MessagingSession,
  suspects: readonly Suspect[],
  patienceMs = PATIENCE_MS,
): Promise<boolean> {
  let cause: MasterSlaveError | undefined;
  whenEnded(session, ({ error }) => {
    cause = error;
  });
  for (const suspect of suspects) {
    const { deaths } = suspect;
    try {
      await settledOr(patienceMs, suspect.alone(session));
    } catch (reason) {
      // A bug that concerns this suspect only: the others must still be restored.
      suspect.fail(MasterSlaveError.from(reason));
    }
    if (cause === undefined) continue;
    // Only what had been written can have ended the session.
    if (suspect.unanswered || suspect.deaths > deaths) suspect.failAsPoison(cause);
    return false;
  }
  return true;
}
