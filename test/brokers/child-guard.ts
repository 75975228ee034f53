/** Sees that no child process outlives this one, whatever ends it: `exit`, an uncaught error, or a signal. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const children = new Set<ChildProcess>();

/** Kills `child` when this process ends; forgets it once it has exited. */
export function guardChild(child: ChildProcess): void {
  if (children.size === 0) listen();
  children.add(child);
  void once(child, "close").then(
    () => forget(child),
    () => forget(child),
  );
}

function forget(child: ChildProcess): void {
  children.delete(child);
  if (children.size === 0) ignore();
}

function listen(): void {
  process.on("exit", killAll);
  for (const signal of SIGNALS) process.on(signal, onSignal);
}

function ignore(): void {
  process.off("exit", killAll);
  for (const signal of SIGNALS) process.off(signal, onSignal);
}

/** SIGKILL ends a stopped (SIGSTOP) child too. */
function killAll(): void {
  for (const child of children) child.kill("SIGKILL");
}

/** Our listener takes the signal's default away, so where nobody else listens we end as the signal would have. */
function onSignal(signal: NodeJS.Signals): void {
  killAll();
  ignore();
  if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
}
