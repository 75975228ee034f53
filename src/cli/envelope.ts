/** The JSON output of all commands: one envelope, or one line per event. */
import type { ConfigError } from "../config/config-error.ts";
import type { Finding } from "../config/finding.ts";
import { MasterSlaveError } from "../errors/errors.ts";

export interface Envelope<Data = unknown> {
  /** `masterslave/<verb>/1`; the number grows with a change that would break programs that read it. */
  readonly schema: string;
  readonly ok: boolean;
  /** null if the command failed before it had a result. */
  readonly data: Data | null;
  readonly warnings: readonly EnvelopeWarning[];
  readonly error: EnvelopeError | null;
}

export interface EnvelopeWarning {
  readonly code: string;
  readonly message: string;
}

export interface EnvelopeError extends EnvelopeWarning {
  /** Whether the same command may succeed later, unchanged. */
  readonly retryable: boolean;
  /** The findings of a configuration that cannot be used. */
  readonly findings?: readonly Finding[];
}

/** Returns the envelope of a command with a result. `ok` is false if the result is bad, such as findings. */
export function envelope<Data>(
  verb: string,
  data: Data,
  { ok = true, warnings = [] }: { readonly ok?: boolean; readonly warnings?: readonly EnvelopeWarning[] } = {},
): Envelope<Data> {
  return { schema: `masterslave/${verb}/1`, ok, data, warnings, error: null };
}

/** Returns the envelope of a failed command. */
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
