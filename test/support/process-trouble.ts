/** Detects what must never happen, whatever a peer or a user does, and fails the test in which it happened. */
import { afterEach, beforeEach, expect, vi } from "vitest";

/**
 * Call it at the top of a test file: it fails on an unhandled rejection, an uncaught exception, a process warning or
 * any console output.
 */
export function forbidProcessTrouble(): void {
  const trouble: unknown[] = [];
  const note = (what: unknown) => void trouble.push(what);
  const events = ["unhandledRejection", "uncaughtException", "warning"] as const;
  const console = globalThis.console;
  beforeEach(() => {
    trouble.length = 0;
    for (const event of events) process.on(event, note);
    for (const level of ["error", "warn", "log"] as const) vi.spyOn(console, level).mockImplementation(note);
  });
  afterEach(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    for (const event of events) process.off(event, note);
    vi.restoreAllMocks();
    expect(trouble).toEqual([]);
  });
}
