/** Sees that no child process and no store outlives this process, whatever ends it: `exit`, an uncaught error, or a signal. SIGKILL aside: then ParentWatch ends the brokers and the store stays. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const children = new Set<ChildProcess>();
const cleanUps = new Set<() => void>();

/** Kills `child` when this process ends; forgets it once it has exited. */
export function guardChild(child: ChildProcess): void {
  listen();
  children.add(child);
  const forget = (): void => {
    children.delete(child);
    ignoreWhenEmpty();
  };
  void once(child, "close").then(forget, forget);
}

/** Removes `directory` when this process ends. Call what it returns once the directory is gone. */
export function guardDirectory(directory: string): () => void {
  // A child may write while it dies: hence the retries.
  return guardCleanUp(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
}

/** Calls `cleanUp`, which waits for nothing, when this process ends and its children have been killed. Call what it returns once there is nothing left to clean up. */
export function guardCleanUp(cleanUp: () => void): () => void {
  listen();
  cleanUps.add(cleanUp);
  return () => {
    cleanUps.delete(cleanUp);
    ignoreWhenEmpty();
  };
}

function listen(): void {
  if (children.size + cleanUps.size > 0) return;
  process.on("exit", endAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function ignoreWhenEmpty(): void {
  if (children.size + cleanUps.size > 0) return;
  process.off("exit", endAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** SIGKILL ends a stopped (SIGSTOP) child too. */
function endAll(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const cleanUp of cleanUps) cleanUp();
  children.clear();
  cleanUps.clear();
}

/** Our listener takes the signal's default away, so where nobody else listens we end as the signal would have. */
function onSignal(signal: NodeJS.Signals): void {
  endAll();
  ignoreWhenEmpty();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
