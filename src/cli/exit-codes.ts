/** The exit codes of all commands, and the exit code for each error. */
import type { ErrorCode } from "../errors/errors.ts";

export const EXIT = {
  ok: 0,
  /** Something failed while running. */
  failure: 1,
  /** Wrong usage, or a configuration that cannot be used. */
  usage: 2,
  /** No endpoint of the group is active. */
  noActiveEndpoint: 3,
  /** Differences, findings, or two active members. */
  findings: 4,
  /** The login or TLS was refused. */
  refused: 5,
  timeout: 6,
  /** Messages were lost, or a limit was breached. */
  loss: 7,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES: Partial<Record<ErrorCode, ExitCode>> = {
  INVALID_URI: EXIT.usage,
  UNKNOWN_OPTION: EXIT.usage,
  INVALID_OPTION: EXIT.usage,
  INVALID_ARGUMENT: EXIT.usage,
  UNSUPPORTED: EXIT.usage,
  BRIDGE_CONFIG: EXIT.usage,
  TOPOLOGY_INVALID: EXIT.usage,
  NO_ACTIVE_ENDPOINT: EXIT.noActiveEndpoint,
  AUTHENTICATION_FAILED: EXIT.refused,
  TLS_FAILED: EXIT.refused,
  PLAINTEXT_REFUSED: EXIT.refused,
  CREDENTIALS_UNAVAILABLE: EXIT.refused,
  CONNECT_TIMEOUT: EXIT.timeout,
  SEND_TIMEOUT: EXIT.timeout,
  REQUEST_TIMEOUT: EXIT.timeout,
  TRANSACTION_TIMEOUT: EXIT.timeout,
  ABORTED: EXIT.interrupted,
};

/** Returns the exit code that an error of this package means. */
export function exitCodeOf({ code }: { readonly code: ErrorCode }): ExitCode {
  return CODES[code] ?? EXIT.failure;
}
