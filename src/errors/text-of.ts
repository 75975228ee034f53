/** The text of any thrown value: users throw values whose message or inspection throws in turn. */
import { inspect } from "node:util";

/** The message of an error, a string as it is, and anything else as `inspect()` shows it. Never throws. */
export function textOf(reason: unknown): string {
  return shown(reason, (error) => error.message);
}

/** Like textOf(), with the stack of an error, for process warnings. Never throws. */
export function stackTextOf(reason: unknown): string {
  return shown(reason, inspect);
}

/** Whether a value is an instance of a class; false if the check throws, as for a revoked Proxy. */
export function isInstance<T>(value: unknown, of: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof of;
  } catch {
    return false;
  }
}

function shown(reason: unknown, ofError: (error: Error) => unknown): string {
  try {
    if (typeof reason === "string") return reason;
    const text = reason instanceof Error ? ofError(reason) : undefined;
    return typeof text === "string" ? text : inspect(reason);
  } catch {
    return `a value of type ${typeof reason} that cannot be shown`;
  }
}
