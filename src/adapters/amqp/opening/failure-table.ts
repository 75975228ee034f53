/** Every way in which an attempt fails once the socket is connected, with its verdict; docs/refusals.md prints it. */
import type { AttemptErrorCode, Verdict } from "../../../errors/errors.ts";

export interface FailureMeaning {
  /** The behaviour of the peer that has this meaning; docs/refusals.md prints the text. */
  readonly cause: string;
  readonly code: AttemptErrorCode;
  readonly verdict: Verdict;
  /** What to know or do about it. */
  readonly hint: string;
}

export const SASL_OUTCOMES: Readonly<Record<number, FailureMeaning>> = {
  1: meaning("SASL outcome 1 (auth)", "AUTHENTICATION_FAILED", "the login is wrong, or not known there"),
  2: meaning("SASL outcome 2 (sys)", "AUTHENTICATION_FAILED", "the broker's login system failed"),
  3: meaning("SASL outcome 3 (sys-perm)", "AUTHENTICATION_FAILED", "the broker's login system failed for good"),
  4: meaning("SASL outcome 4 (sys-temp)", "ENDPOINT_REJECTED", "the broker's login system is unavailable for now"),
};

export const CLOSE_CONDITIONS: Readonly<Record<string, FailureMeaning>> = {
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

export const OTHER = {
  clientIdInUse: meaning(
    "close with amqp:invalid-field of container-id",
    "ENDPOINT_REJECTED",
    "another live connection uses this clientId: it is free once that one is gone, and two processes need one each",
  ),
  condition: meaning("close with any other condition", "ENDPOINT_REJECTED", "the broker says why"),
  noCondition: meaning("close without a condition", "ENDPOINT_REJECTED", "the broker does not say why"),
  noMechanism: meaning(
    "no SASL mechanism in common",
    "AUTHENTICATION_FAILED",
    "give a login that it takes, or allow one of its mechanisms in saslMechanisms",
  ),
  unsendable: meaning("a login that SASL cannot carry", "AUTHENTICATION_FAILED", "it was not sent"),
  untrusted: meaning(
    "a SASL conversation against the rules, such as a SCRAM server without proof",
    "PROTOCOL_ERROR",
    "it may not be the broker it says it is",
  ),
  anotherProtocol: meaning("the first bytes are another protocol's", "WRONG_PROTOCOL", "use the broker's AMQP port"),
  protocol: meaning("the bytes are not AMQP 1.0", "PROTOCOL_ERROR", "use the broker's AMQP port"),
  closed: meaning(
    "the socket closed or was reset",
    "ENDPOINT_CLOSED",
    "nobody is active behind this port yet, or it is a TLS port; over TLS also: it wants another client certificate",
  ),
  credentials: meaning(
    "nothing: the credentials function failed, or their file cannot be read",
    "CREDENTIALS_UNAVAILABLE",
    "they are asked for again next time",
  ),
} as const;

/** The verdicts of this adapter. */
export const FAILURES: readonly FailureMeaning[] = [
  ...Object.values(SASL_OUTCOMES),
  ...Object.values(CLOSE_CONDITIONS),
  ...Object.values(OTHER),
];

function meaning(cause: string, code: AttemptErrorCode, hint: string): FailureMeaning {
  return { cause, code, verdict: code === "AUTHENTICATION_FAILED" ? "stop" : "next", hint };
}
