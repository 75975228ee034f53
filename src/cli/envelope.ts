/** What every verb prints as JSON: one envelope, or one line an event. */
import type { ConfigError } from "../config/config-error.ts";
import type { Finding } from "../config/finding.ts";
import { MasterSlaveError } from "../errors/errors.ts";

export interface Envelope<Data = unknown> {
  /** `masterslave/<verb>/1`; the number grows when a change would break a program that reads it. */
  readonly schema: string;
  readonly ok: boolean;
  /** null when the verb failed before it had anything to tell. */
  readonly data: Data | null;
  readonly warnings: readonly EnvelopeWarning[];
  readonly error: EnvelopeError | null;
}

export interface EnvelopeWarning {
  readonly code: string;
  readonly message: string;
}

export interface EnvelopeError extends EnvelopeWarning {
  /** The same command may succeed later, as it is. */
  readonly retryable: boolean;
  /** Of a configuration that cannot be used. */
  readonly findings?: readonly Finding[];
}

/** Returns the envelope of a verb that has something to tell. `ok` is false when that is bad news, such as findings. */
export function envelope<Data>(
  verb: string,
  data: Data,
  { ok = true, warnings = [] }: { readonly ok?: boolean; readonly warnings?: readonly EnvelopeWarning[] } = {},
): Envelope<Data> {
  return { schema: `masterslave/${verb}/1`, ok, data, warnings, error: null };
}

/** Returns the envelope of a verb that failed. */
export function failureEnvelope(
  verb: string,
  reason: unknown,
  warnings: readonly EnvelopeWarning[] = [],
): Envelope<never> {
  const error = MasterSlaveError.from(reason);
  const { code, message, retryable } = error;
  const { findings } = error as Partial<ConfigError>;
  return {
    schema: `masterslave/${verb}/1`,
    ok: false,
    data: null,
    warnings,
    error: { code, message, retryable, ...(findings && { findings }) },
  };
}

/** Returns the function that makes the lines of `--output ndjson`: each `data` with its time, number and type. */
export function ndjsonLines(now: () => number = Date.now): (type: string, data: object) => string {
  let seq = 0;
  return (type, data) => {
    seq += 1;
    return JSON.stringify({ ts: new Date(now()).toISOString(), seq, type, ...data });
  };
}
