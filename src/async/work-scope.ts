/**
 * Tells whether a call comes out of work that is under way, such as a handler that closes what waits for it. It reads V8's
 * asynchronous stack, which follows awaits and promises, and costs nothing until it is asked. AsyncLocalStorage would know
 * too, and makes every promise of a process on Node 20 and 22 several times as dear (docs/decisions/0025-close-in-a-handler.md).
 */

/** How many stack frames are read: deeper calls are not recognised. */
const MAX_FRAMES = 200;

let made = 0;

/** A kind of work. Work of a scope made by inner() also belongs to the outer scope. */
export class WorkScope {
  readonly #name: string;

  constructor(name = `masterslave-transport work ${++made}`) {
    this.#name = name;
  }

  inner(): WorkScope {
    return new WorkScope(`${this.#name}.${++made}`);
  }

  /** Marks an async function, and returns it: what the function awaits is work of this scope. */
  mark<Args extends unknown[], Result>(work: (...args: Args) => Promise<Result>): (...args: Args) => Promise<Result> {
    return Object.defineProperty(work, "name", { value: this.#name });
  }

  /** Whether the present call comes from work of this scope that is under way. */
  get isCaller(): boolean {
    return callers().some((name) => name === this.#name || name.startsWith(`${this.#name}.`));
  }
}

/**
 * Returns the names of the functions that are being called or awaited, innermost first. Returns none if a program has
 * frozen `Error`, as `node --frozen-intrinsics` does: then no call is recognised, and none fails.
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
    // The first read makes V8 call prepareStackTrace.
    void holder.stack;
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Error.prepareStackTrace = prepareStackTrace;
  }
  return names;
}
