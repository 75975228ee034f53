/** Starts work that nobody awaits: without this, its rejection would be an unhandled one, which ends the process. */
import { stackTextOf } from "../errors/text-of.ts";

/** Reports a rejection as a process warning; `what` names what was being done. */
export function inBackground(what: string, work: Promise<unknown>): void {
  work.catch((reason: unknown) => {
    process.emitWarning(`${what} failed: ${stackTextOf(reason)}`, { code: "MASTERSLAVE_INTERNAL" });
  });
}
