/** Watches the process while cases are played: what nobody caught, warnings, and words on the console. */
import { inspect } from "node:util";

export interface TroubleWatch {
  /** What there was since it was last asked. */
  take(): string[];
  stop(): void;
}

export function watchTrouble(): TroubleWatch {
  let found: string[] = [];
  const note = (kind: string) => (what: unknown) => void found.push(`${kind}: ${inspect(what).slice(0, 2000)}`);
  const listeners = (["unhandledRejection", "uncaughtException", "warning"] as const).map(
    (event) => [event, note(event)] as const,
  );
  for (const [event, listener] of listeners) process.on(event, listener);
  const { error, warn, log } = console;
  Object.assign(console, { error: note("console.error"), warn: note("console.warn"), log: note("console.log") });
  return {
    take: () => found.splice(0),
    stop() {
      for (const [event, listener] of listeners) process.off(event, listener);
      Object.assign(console, { error, warn, log });
      found = [];
    },
  };
}
