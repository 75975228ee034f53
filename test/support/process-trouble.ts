/** What must never happen, whatever a peer or a user does: it fails the test in which it did. */
import { afterEach, beforeEach, expect, vi } from "vitest";

/** Call it at the top of a test file: no unhandled rejection, uncaught exception or process warning, and not a word on the console. */
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
