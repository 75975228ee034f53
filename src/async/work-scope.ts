/**
 * Tells whether a call comes out of work that is under way, such as a handler that closes what waits for it. It reads V8's
 * asynchronous stack, which follows awaits and promises, and costs nothing until it is asked. AsyncLocalStorage would know
 * too, and makes every promise of a process on Node 20 and 22 several times as dear (docs/decisions/0025-close-in-a-handler.md).
 */

/** Deeper calls are not recognised. */
const MAX_FRAMES = 200;

let made = 0;

/** A kind of work. One within another, made by inner(), is part of that too. */
export class WorkScope {
  readonly #name: string;

  constructor(name = `masterslave-transport work ${++made}`) {
    this.#name = name;
  }

  inner(): WorkScope {
    return new WorkScope(`${this.#name}.${++made}`);
  }

  /** The same function, which has to be an async one: what it awaits is work of this scope. */
  mark<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
    return Object.defineProperty(work, "name", { value: this.#name });
  }

  /** Whether the call that asks comes out of work of this scope that is under way. */
  get isCaller(): boolean {
    return callers().some((name) => name === this.#name || name.startsWith(`${this.#name}.`));
  }
}

/**
 * The names of the functions that are being called or awaited, from the innermost out. None where a program has frozen
 * `Error`, as `node --frozen-intrinsics` does: nothing is recognised then, and nothing fails.
 */
function callers(): readonly string[] {
  try {
    return namesOnStack();
  } catch {
    return [];
  }
}

function namesOnStack(): readonly string[] {
  const { stackTraceLimit, prepareStackTrace } = Error;
  let names: string[] = [];
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_, sites) => {
      names = sites.map((site) => site.getFunctionName() ?? "");
      return "";
    };
    const holder: { stack?: unknown } = {};
    Error.captureStackTrace(holder, namesOnStack);
    // Read once: Node prepares it then.
    void holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return names;
}
