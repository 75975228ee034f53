/** Checks the arguments of calls: an unknown option is refused, because a misspelt one would have no effect. */
import { inspect } from "node:util";
import { InvalidArgumentError, MasterSlaveError } from "../../errors/errors.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { isInstance, textOf } from "../../errors/text-of.ts";

/** @throws InvalidArgumentError if `value` is no function; `what` begins the sentence. */
export function checkFunction(what: string, value: unknown): void {
  if (typeof value !== "function") throw new InvalidArgumentError(`${what} a function, not ${typeof value}`);
}

/** @throws InvalidArgumentError if timeoutMs is no positive number. */
export function checkTimeout(timeoutMs: number | undefined): void {
  if (timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs > 0)) return;
  throw new InvalidArgumentError(`timeoutMs is a positive number of milliseconds, not ${inspect(timeoutMs)}`);
}

/**
 * Converts what a call threw while it read its arguments to an error of ours: getters and Proxies may throw anything.
 */
export function argumentError(call: string, reason: unknown): MasterSlaveError {
  if (isInstance(reason, MasterSlaveError)) return reason;
  return new InvalidArgumentError(`${call} cannot read its arguments: ${textOf(reason)}`, { cause: reason });
}

/**
 * Copies a call's options, reading each once, because a getter may change its answer or throw. Undefined ones are left
 * out. @throws InvalidArgumentError as checkNames().
 */
export function readOptions<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): Options {
  return readOnce(`${call}()`, options, known, () => checkNames(call, options, known));
}

/**
 * Copies options whose names are checked elsewhere, reading each once. @throws InvalidArgumentError if they are no
 * object.
 */
export function copyOptions<Options extends object>(call: string, options: Options): Options {
  try {
    checkSignal(call, options);
    return { ...options };
  } catch (reason) {
    throw argumentError(`${call}()`, reason);
  }
}

/** The same for an option that is an object. @throws InvalidArgumentError as checkParts(). */
export function readParts<Value extends object>(
  option: string,
  value: Value,
  known: readonly (keyof Value & string)[],
): Value {
  return readOnce(option, value, known, () => checkParts(option, value, known));
}

function readOnce<Value extends object>(
  what: string,
  value: Value,
  known: readonly (keyof Value & string)[],
  check: () => void,
): Value {
  try {
    check();
    const copy: Partial<Value> = {};
    for (const name of known) {
      const found = value[name];
      if (found !== undefined) copy[name] = found;
    }
    return copy as Value;
  } catch (reason) {
    throw argumentError(what, reason);
  }
}

/** @throws InvalidArgumentError for invalid options, or an invalid signal. */
export function checkSignal(call: string, options: object): void {
  if (typeof options !== "object" || options === null)
    throw new InvalidArgumentError(`${call}() takes its options as an object, not ${options}`);
  const { signal }: { readonly signal?: unknown } = options;
  // Not checked by class, so that signals of other realms and of libraries work as well.
  if (signal === undefined || (signal instanceof Object && "aborted" in signal && "addEventListener" in signal)) return;
  throw new InvalidArgumentError(`The signal of ${call}() is an AbortSignal, not ${inspect(signal)}`);
}

/** @throws InvalidArgumentError that names the unknown option, and the nearest known one. */
export function checkNames<Options extends object>(
  call: string,
  options: Options,
  known: readonly (keyof Options & string)[],
): void {
  checkSignal(call, options);
  refuseUnknown(`${call}()`, options, known);
}

/** The same for an option that is an object. @throws InvalidArgumentError */
export function checkParts<Value extends object>(
  option: string,
  value: Value,
  known: readonly (keyof Value & string)[],
): void {
  if (typeof value !== "object" || value === null)
    throw new InvalidArgumentError(`${option} is an object with ${known.join(", ")}, not ${inspect(value)}`);
  refuseUnknown(option, value, known);
}

/**
 * @throws InvalidArgumentError for values other than true and false: JavaScript would convert them, perhaps not as the
 * caller meant.
 */
export function checkFlags(flags: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(flags)) {
    if (value !== undefined && typeof value !== "boolean")
      throw new InvalidArgumentError(`${name} is true or false, not ${inspect(value)}`);
  }
}

function refuseUnknown(what: string, options: object, known: readonly string[]): void {
  for (const name in options) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === undefined ? `it takes ${known.join(", ")}` : `did you mean ${nearest}?`;
    throw new InvalidArgumentError(`${what} has no option ${name}: ${hint}`);
  }
}
