/**
 * Ensures that no child process and no store outlives this process, whether it ends by `exit`, an uncaught error or a
 * signal. After SIGKILL, ParentWatch ends the brokers, and only the store is left.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const children = new Set<ChildProcess>();
const cleanUps = new Set<() => void>();

/** Kills `child` when this process ends. A child that has exited is forgotten. */
export function guardChild(child: ChildProcess): void {
  listen();
  children.add(child);
  const forget = (): void => {
    children.delete(child);
    ignoreWhenEmpty();
  };
  void once(child, "close").then(forget, forget);
}

/** Removes `directory` when this process ends. Call the returned function once the directory is gone. */
export function guardDirectory(directory: string): () => void {
  // A child may still write while it ends, hence the retries.
  return guardCleanUp(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }));
}

/**
 * Calls the synchronous function `cleanUp` when this process ends, after its children were killed. Call the returned
 * function once there is nothing left to clean up.
 */
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

/** SIGKILL also ends a child that is stopped by SIGSTOP. */
function endAll(): void {
  for (const child of children) child.kill("SIGKILL");
  for (const cleanUp of cleanUps) cleanUp();
  children.clear();
  cleanUps.clear();
}

/**
 * Our listener disables the signal's default action. If nobody else listens, the process must end as the signal would
 * have ended it.
 */
function onSignal(signal: NodeJS.Signals): void {
  endAll();
  ignoreWhenEmpty();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
