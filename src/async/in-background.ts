/** Work whose result nobody waits for: a rejection must not become an unhandled one, which ends the process. */
import { stackTextOf } from "../errors/text-of.ts";

/** Turns a rejection into a process warning that names `what` was being done. */
export function inBackground(what: string, work: Promise<unknown>): void {
  work.catch((reason: unknown) => {
    process.emitWarning(`${what} failed: ${stackTextOf(reason)}`, { code: "MASTERSLAVE_INTERNAL" });
  });
}
