/** What the peer did, and what that means: the verdict on an attempt, the end of a session, a refused send or subscription. */
import {
  AttemptError,
  type AttemptErrorCode,
  AuthenticationError,
  formatAddress,
  MasterSlaveError,
  SessionLostError,
  type Verdict,
} from "../../errors.ts";
import { printableError, printableLine } from "../../printable.ts";
import { describePeer } from "../../transport/peer-kind.ts";
import type { Endpoint } from "../../uri/endpoint.ts";

/** The first thing that ended a connection; everything after it is an echo. */
export type Ending =
  /** The SASL outcome was not `ok`; the code is the one of the SASL outcome frame (AMQP 1.0, 5.3.3.6). */
  | { readonly kind: "sasl-outcome"; readonly outcome: number }
  /** None of the mechanisms the peer offers can be used with the credentials at hand. */
  | { readonly kind: "sasl-unusable"; readonly text: string }
  /** The peer sent a close frame, or never opened what it accepted. */
  | {
      readonly kind: "close";
      readonly condition: string | undefined;
      readonly description: string | undefined;
      /** Of `amqp:invalid-field`: which, in the symbols of the open frame. */
      readonly field?: string | undefined;
    }
  /** The peer sent what is no AMQP 1.0, or broke its rules. */
  | { readonly kind: "protocol"; readonly error: Error }
  /** The socket is gone. */
  | { readonly kind: "socket"; readonly error: Error | undefined };

export interface FailureMeaning {
  /** What the peer did, as the docs tell it. */
  readonly cause: string;
  readonly code: AttemptErrorCode;
  readonly verdict: Verdict;
  /** What to know or do about it. */
  readonly hint: string;
}

const SASL_OUTCOMES: Readonly<Record<number, FailureMeaning>> = {
  1: meaning("SASL outcome 1 (auth)", "AUTHENTICATION_FAILED", "the user name or the password is wrong"),
  2: meaning("SASL outcome 2 (sys)", "AUTHENTICATION_FAILED", "the broker's login system failed"),
  3: meaning("SASL outcome 3 (sys-perm)", "AUTHENTICATION_FAILED", "the broker's login system failed for good"),
  4: meaning("SASL outcome 4 (sys-temp)", "ENDPOINT_REJECTED", "the broker's login system is unavailable for now"),
};

const CLOSE_CONDITIONS: Readonly<Record<string, FailureMeaning>> = {
  "amqp:unauthorized-access": meaning(
    "close with amqp:unauthorized-access",
    "AUTHENTICATION_FAILED",
    "the user may not connect",
  ),
  "amqp:connection:forced": meaning(
    "close with amqp:connection:forced",
    "ENDPOINT_REJECTED",
    "the broker is stopping, or its connection router refuses",
  ),
  "amqp:connection:redirect": meaning(
    "close with amqp:connection:redirect",
    "ENDPOINT_REJECTED",
    "the broker names another endpoint, which is tried as well",
  ),
  "amqp:invalid-field": meaning(
    "close with amqp:invalid-field",
    "ENDPOINT_REJECTED",
    "the broker refuses a field of the open frame",
  ),
  "amqp:not-found": meaning("close with amqp:not-found", "ENDPOINT_REJECTED", "the broker does not know the host name"),
  "amqp:resource-limit-exceeded": meaning(
    "close with amqp:resource-limit-exceeded",
    "ENDPOINT_REJECTED",
    "the broker takes no more connections for now",
  ),
};

const OTHER = {
  clientIdInUse: meaning(
    "close with amqp:invalid-field of container-id",
    "ENDPOINT_REJECTED",
    "another live connection uses this clientId: it is free once that one is gone, and two processes need one each",
  ),
  condition: meaning("close with any other condition", "ENDPOINT_REJECTED", "the broker says why"),
  noCondition: meaning("close without a condition", "ENDPOINT_REJECTED", "the broker does not say why"),
  noMechanism: meaning("no usable SASL mechanism", "AUTHENTICATION_FAILED", "give credentials, or leave them out"),
  anotherProtocol: meaning("the first bytes are another protocol's", "WRONG_PROTOCOL", "use the broker's AMQP port"),
  protocol: meaning("the bytes are not AMQP 1.0", "PROTOCOL_ERROR", "use the broker's AMQP port"),
  closed: meaning("the socket closed or was reset", "ENDPOINT_CLOSED", "nobody is active behind this port yet"),
  credentials: meaning("the credentials function failed", "CREDENTIALS_UNAVAILABLE", "it is asked again next time"),
} as const;

/** The table behind every verdict of this adapter; docs/ prints it. */
export const FAILURES: readonly FailureMeaning[] = [
  ...Object.values(SASL_OUTCOMES),
  ...Object.values(CLOSE_CONDITIONS),
  ...Object.values(OTHER),
];

function meaning(cause: string, code: AttemptErrorCode, hint: string): FailureMeaning {
  return { cause, code, verdict: code === "AUTHENTICATION_FAILED" ? "stop" : "next", hint };
}

/** The table as Markdown. */
export function renderFailureTable(): string {
  const rows = FAILURES.map(({ cause, code, verdict, hint }) => `| ${cause} | ${code} | ${verdict} | ${hint} |`);
  return ["| what the peer did | code | verdict | what it means |", "|---|---|---|---|", ...rows, ""].join("\n");
}

/** An ending before the handshake was done, as the attempt's failure. `firstBytes`: what the peer opened with. */
export function attemptFailure(endpoint: Endpoint, ending: Ending, firstBytes: Buffer): AttemptError {
  const where = formatAddress(endpoint);
  switch (ending.kind) {
    case "sasl-outcome": {
      const found = SASL_OUTCOMES[ending.outcome] ?? SASL_OUTCOMES[1];
      return failure(found, `${where} refused the login: ${found?.hint} (SASL outcome ${ending.outcome})`, endpoint);
    }
    case "sasl-unusable":
      return failure(
        OTHER.noMechanism,
        `${where} refused the login: ${printableLine(ending.text)}; ${OTHER.noMechanism.hint}`,
        endpoint,
      );
    case "close":
      return failure(meaningOfClose(ending), `${where} refused the connection: ${describeClose(ending)}`, endpoint);
    default:
      return unfinished(endpoint, ending, firstBytes);
  }
}

function unfinished(
  endpoint: Endpoint,
  ending: Extract<Ending, { kind: "protocol" | "socket" }>,
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
  return failure(OTHER.closed, `${where} closed before the AMQP handshake was done`, endpoint, error);
}

/** The credentials function threw or rejected. */
export function credentialsFailure(endpoint: Endpoint, cause: unknown): AttemptError {
  return failure(OTHER.credentials, `The credentials for ${formatAddress(endpoint)} cannot be had`, endpoint, cause);
}

function failure(found: FailureMeaning | undefined, text: string, endpoint: Endpoint, cause?: unknown): AttemptError {
  const { code, verdict } = found ?? OTHER.condition;
  if (code === "AUTHENTICATION_FAILED") return new AuthenticationError(text, { endpoint, cause });
  return new AttemptError(code, text, { endpoint, verdict, cause });
}

function isAmqp1(bytes: Buffer): boolean {
  // The version may not have come any more.
  return bytes.subarray(0, 4).toString("latin1") === "AMQP" && (bytes[5] === undefined || bytes[5] === 1);
}

function meaningOfClose({ condition, field }: Extract<Ending, { kind: "close" }>): FailureMeaning {
  if (condition === "amqp:invalid-field" && field === "container-id") return OTHER.clientIdInUse;
  return condition === undefined ? OTHER.noCondition : (CLOSE_CONDITIONS[condition] ?? OTHER.condition);
}

function describeClose(ending: Extract<Ending, { kind: "close" }>): string {
  const { hint } = meaningOfClose(ending);
  if (ending.condition === undefined) return `it closed the connection; ${hint}`;
  return `${describeCondition(ending)}; ${hint}`;
}

/** `amqp:not-found: no such address`. The fields are whatever the peer sent. `conceal` takes the credentials out. */
export function describeCondition(
  error: { readonly condition?: unknown; readonly description?: unknown },
  conceal: (text: string) => string = (text) => text,
): string {
  const parts = [error.condition, error.description]
    .filter((part) => part !== undefined && part !== null && part !== "")
    .map(String);
  return parts.length > 0 ? printableLine(conceal(parts.join(": "))) : "no reason given";
}

/** The end of an open session that nobody here asked for. */
export function sessionLoss(endpoint: Endpoint, ending: Ending): MasterSlaveError {
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
      // Our socket says itself why it went: HEARTBEAT_LOST, or what the system reported.
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

/** Whether the same send or subscription may be taken later, as it is. */
export function isRetryable(condition: string | undefined): boolean {
  return condition !== undefined && RETRYABLE_CONDITIONS.has(condition);
}
