/** Runs code when a session is over. */
import { inBackground } from "../../async/in-background.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Session, SessionEnd } from "../../transport/dial/session.ts";

/**
 * Calls `act` once, when the session is over. If a session rejects `ended`, which it must not, it counts as over too.
 */
export function whenEnded(session: Pick<Session, "ended">, act: (end: SessionEnd) => void): void {
  const ended = session.ended.catch((reason: unknown) => ({
    error: MasterSlaveError.from(reason),
    atMs: performance.now(),
  }));
  inBackground("What follows the end of a session", ended.then(act));
}
