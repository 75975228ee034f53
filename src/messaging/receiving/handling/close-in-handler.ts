/** Says so when something is closed by a handler that it waits for, or whose message it takes away. */
import { startTimer } from "../../../async/timer.ts";
import type { ConnectionWarning } from "../../port/adapter-settings.ts";

/** So long may a handler take to end that has called close() without waiting for it. */
const AFTER_MS = 100;

/** Tells the listeners of `warning`; returns whether there were any. */
export type Warn = (warning: ConnectionWarning) => boolean;

/** A program that listens to nothing is told by a process warning: what it would see is a close() that hangs. */
export function warnOfClose(warn: Warn, message: string): void {
  if (warn({ code: "CLOSE_IN_HANDLER", message, endpoint: undefined })) return;
  process.emitWarning(message, { code: "MASTERSLAVE_CLOSE_IN_HANDLER" });
}

/** Warns soon, should `waits` still be so. The wait itself is not changed: it ends after `timeoutMs`. Returns what forgets it. */
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
