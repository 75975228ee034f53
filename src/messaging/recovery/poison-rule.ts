/**
 * Finding what kills sessions. Both brokers close the connection on some bad frames without naming the culprit; replayed
 * with the rest it would kill every session to come. So whatever was in flight at too many ends is tried alone first.
 */

import { settledOr } from "../../async/timer.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { MessagingSession } from "../port/messaging-session.ts";
import type { Suspect } from "../port/suspect.ts";
import { whenEnded } from "../port/when-ended.ts";

/**
 * What is neither answered nor fatal after so long holds up the rest no longer: a broker without room for it grants no
 * credit, and may wait for the very consumers that wait here. Longer than heart-beats take to find a peer dead.
 */
const PATIENCE_MS = 30_000;

/**
 * Tries each suspect alone. Resolves with whether the session outlived them all; the one it did not outlive has failed.
 * One that is not answered within `patienceMs` stays with the session, and suspect.
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
      // A mistake of ours with this one: the others are still to be restored.
      suspect.fail(MasterSlaveError.from(reason));
    }
    if (cause === undefined) continue;
    // Only what had been written can have been what killed the session.
    if (suspect.unanswered || suspect.deaths > deaths) suspect.failAsPoison(cause);
    return false;
  }
  return true;
}
