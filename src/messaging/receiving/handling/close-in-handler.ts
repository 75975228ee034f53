/** Warns when a handler closes something that waits for this handler, or that takes its message away. */
import { startTimer } from "../../../async/timer.ts";
import type { ConnectionWarning } from "../../port/adapter-settings.ts";

/** A handler that has called close() without awaiting it may take this long to end before the warning. */
const AFTER_MS = 100;

/** Tells the listeners of `warning`; returns whether there were any. */
export type Warn = (warning: ConnectionWarning) => boolean;

/** Warns that a handler has closed its own consumer. */
export function warnOfLostMessage(warn: Warn, destination: string): void {
  const text = `close() of the consumer of ${destination} was called in a handler of it: the message in hand goes back to the broker and comes again. Let the handler end first: call drain() there without await`;
  warnOfClose(warn, text);
}

/**
 * Raises the warning. If nobody listens it becomes a process warning, because such a program would only see a close()
 * that hangs.
 */
function warnOfClose(warn: Warn, message: string): void {
  if (warn({ code: "CLOSE_IN_HANDLER", message, endpoint: undefined })) return;
  process.emitWarning(message, { code: "MASTERSLAVE_CLOSE_IN_HANDLER" });
}

/**
 * Warns after a short while if `waits` still returns true. The wait itself is not changed: it ends after `timeoutMs`.
 * Returns a function that cancels the warning.
 */
export function warnOfSelfWait(
  warn: Warn,
  { what, timeoutMs, waits }: { readonly what: string; readonly timeoutMs: number; readonly waits: () => boolean },
): () => void {
  if (timeoutMs <= 0) return () => {};
  const text = `${what}, and waits up to ${timeoutMs} ms for that to end. If it is awaited there, each waits for the other until then, and the message in hand comes again: call it without await, or from elsewhere`;
  return startTimer(Math.min(AFTER_MS, timeoutMs / 2), () => {
    if (waits()) warnOfClose(warn, text);
  });
}
