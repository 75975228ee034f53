/**
 * The errors for what a peer did: a failed attempt with its verdict, the end of a session, a refused send or
 * subscription.
 */
import { type AttemptError, formatAddress, MasterSlaveError, SessionLostError } from "../../../errors/errors.ts";
import { printableError, printableLine } from "../../../errors/printable.ts";
import { lateTlsFailure } from "../../../transport/dial/dial-failure.ts";
import { describePeer, whyClosed } from "../../../transport/dial/peer-kind.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import type { ConnectionEnding } from "../sasl/connection-ending.ts";
import { CLOSE_CONDITIONS, type FailureMeaning, OTHER } from "./failure-table.ts";
import { failure, loginFailure } from "./login-failure.ts";

/**
 * The attempt's failure for a connection that ended before the handshake was done. `firstBytes` are the peer's first
 * bytes.
 */
export function attemptFailure(endpoint: Endpoint, ending: ConnectionEnding, firstBytes: Buffer): AttemptError {
  const where = formatAddress(endpoint);
  switch (ending.kind) {
    case "sasl-outcome":
    case "sasl-unusable":
    case "sasl-unsendable":
    case "sasl-untrusted":
      return loginFailure(endpoint, ending);
    case "close":
      return failure(meaningOfClose(ending), `${where} refused the connection: ${describeClose(ending)}`, endpoint);
    default:
      return unfinished(endpoint, ending, firstBytes);
  }
}

function unfinished(
  endpoint: Endpoint,
  ending: Extract<ConnectionEnding, { kind: "protocol" | "socket" }>,
  firstBytes: Buffer,
): AttemptError {
  const where = formatAddress(endpoint);
  const { error } = ending;
  const speaks = isAmqp1(firstBytes) ? undefined : describePeer(firstBytes);
  if (speaks) return failure(OTHER.anotherProtocol, `${where} ${speaks}`, endpoint, error);
  if (ending.kind === "protocol") {
    return failure(
      OTHER.protocol,
      `${where} does not speak AMQP 1.0: ${printableLine(ending.error.message)}`,
      endpoint,
      printableError(ending.error),
    );
  }
  const text = `${where} closed before the AMQP handshake was done: ${whyClosed(endpoint)}`;
  return lateTlsFailure(endpoint, error) ?? failure(OTHER.closed, text, endpoint, error);
}

/** The credentials function threw or rejected. */
export function credentialsFailure(endpoint: Endpoint, cause: unknown): AttemptError {
  return failure(OTHER.credentials, `The credentials for ${formatAddress(endpoint)} cannot be had`, endpoint, cause);
}

function isAmqp1(bytes: Buffer): boolean {
  // The version byte may be missing.
  return bytes.subarray(0, 4).toString("latin1") === "AMQP" && (bytes[5] === undefined || bytes[5] === 1);
}

function meaningOfClose({ condition, field }: Extract<ConnectionEnding, { kind: "close" }>): FailureMeaning {
  if (condition === "amqp:invalid-field" && field === "container-id") return OTHER.clientIdInUse;
  if (condition === undefined) return OTHER.noCondition;
  // The peer may send "constructor".
  return (Object.hasOwn(CLOSE_CONDITIONS, condition) && CLOSE_CONDITIONS[condition]) || OTHER.condition;
}

function describeClose(ending: Extract<ConnectionEnding, { kind: "close" }>): string {
  const { hint } = meaningOfClose(ending);
  if (ending.condition === undefined) return `it closed the connection; ${hint}`;
  return `${describeCondition(ending)}; ${hint}`;
}

/**
 * Returns `amqp:not-found: no such address`. The fields may contain anything that the peer sends. `conceal` redacts the
 * credentials.
 */
export function describeCondition(
  error: { readonly condition?: unknown; readonly description?: unknown },
  redact: (text: string) => string = (text) => text,
): string {
  const parts = [error.condition, error.description]
    .filter((part) => part !== undefined && part !== null && part !== "")
    .map(String);
  return parts.length > 0 ? printableLine(redact(parts.join(": "))) : "no reason given";
}

/** The error for an open session that ended without our asking. */
export function sessionLoss(endpoint: Endpoint, ending: ConnectionEnding): MasterSlaveError {
  const where = formatAddress(endpoint);
  switch (ending.kind) {
    case "close":
      return new SessionLostError("SESSION_LOST", `${where} closed the session: ${describeClose(ending)}`, {
        endpoint,
      });
    case "protocol":
      return new SessionLostError(
        "PROTOCOL_ERROR",
        `${where} broke the rules of AMQP 1.0: ${printableLine(ending.error.message)}`,
        {
          endpoint,
          cause: printableError(ending.error),
        },
      );
    case "socket":
      // Our socket's own reason: HEARTBEAT_LOST, or what the system reported.
      if (ending.error instanceof MasterSlaveError) return ending.error;
      return new SessionLostError("SESSION_LOST", `${where} closed the connection`, { endpoint, cause: ending.error });
    default:
      return new SessionLostError("SESSION_LOST", `${where} ended the session`, { endpoint });
  }
}

const RETRYABLE_CONDITIONS: ReadonlySet<string> = new Set([
  "amqp:resource-limit-exceeded",
  "amqp:resource-locked",
  "amqp:resource-deleted",
  "amqp:link:detach-forced",
  "amqp:link:stolen",
  "amqp:internal-error",
]);

/** Whether the same send or subscription may be accepted later, unchanged. */
export function isRetryable(condition: string | undefined): boolean {
  return condition !== undefined && RETRYABLE_CONDITIONS.has(condition);
}
