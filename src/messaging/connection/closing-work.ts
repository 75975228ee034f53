/** Warns a program that closes a connection from work that close() waits for. */
import { inBackground } from "../../async/in-background.ts";
import { type Warn, warnOfSelfWait } from "../receiving/handling/close-in-handler.ts";
import type { RecoveryDeps } from "../recovery/session-recovery.ts";

const WHAT = "close() was called in a handler of the connection, or in the work of a transaction of it";

export function warnOfClosingWork(
  closing: Promise<void>,
  warn: Warn,
  drainTimeoutMs: number,
  { consumers, transactions }: Pick<RecoveryDeps, "consumers" | "transactions">,
): void {
  const waits = () => consumers.unsettled + transactions.stats.open > 0;
  const forget = warnOfSelfWait(warn, { what: WHAT, timeoutMs: drainTimeoutMs, waits });
  inBackground("Forgetting to warn of a close", closing.then(forget));
}
