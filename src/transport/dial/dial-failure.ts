/** Turns Node's and OpenSSL's errors from dialling into our attempt errors. */
import { AttemptError, type AttemptErrorCode, formatAddress, SessionLostError } from "../../errors/errors.ts";
import { type Endpoint, isSecure } from "../../uri/endpoint.ts";
import { ServerIdentityRefusal } from "../tls/server-identity.ts";
import { closedOverCertificate, ourSideOf, tlsFailure } from "../tls/tls-failure.ts";

interface Meaning {
  readonly code: AttemptErrorCode;
  readonly text: string;
}

const CLOSED: Meaning = { code: "ENDPOINT_CLOSED", text: "closed the connection before it could be used" };
/**
 * Three peers close without an answer: a plain port that does not understand TLS, a TLS port of a broker that is not
 * active, and one that wants another client certificate.
 */
const CLOSED_IN_TLS =
  "closed the connection during the TLS handshake: nobody may be active behind it yet, or it is no TLS port (use stomp:// or amqp:// then)";

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: "ENDPOINT_REFUSED", text: "refused the connection: nothing listens there, as on a standby" },
  ENOTFOUND: { code: "ENDPOINT_UNKNOWN", text: "has a host name that does not resolve" },
  EAI_AGAIN: {
    code: "ENDPOINT_UNKNOWN",
    text: "has a host name that cannot be resolved at the moment: no name server answers, or it failed",
  },
  ENODATA: { code: "ENDPOINT_UNKNOWN", text: "has a host name without an address" },
  EHOSTUNREACH: { code: "ENDPOINT_UNREACHABLE", text: "is unreachable: no route to the host" },
  ENETUNREACH: { code: "ENDPOINT_UNREACHABLE", text: "is unreachable: no route to its network" },
  ETIMEDOUT: { code: "ENDPOINT_UNREACHABLE", text: "did not answer: the system gave up connecting" },
  ECONNRESET: CLOSED,
  EPIPE: CLOSED,
};

/** The error for a failed dial, with the endpoint, what was found and what to do. Verdict: `next`. */
export function dialFailure(endpoint: Endpoint, cause: unknown): AttemptError {
  if (cause instanceof AttemptError) return cause;
  const { code, text } = meaningOf(endpoint, cause);
  const origin = cause instanceof ServerIdentityRefusal ? (cause.cause ?? cause) : cause;
  return new AttemptError(code, `${formatAddress(endpoint)} ${text}`, { endpoint, cause: origin });
}

/**
 * If TLS caused the end of a connected socket, returns that failure: in TLS 1.3 the broker judges our certificate after
 * our side of the handshake is done.
 */
export function lateTlsFailure(endpoint: Endpoint, error: unknown): AttemptError | undefined {
  const cause = error instanceof SessionLostError ? error.cause : error;
  const text = tlsTextOf(cause);
  if (!isSecure(endpoint) || text === undefined) return undefined;
  return new AttemptError("TLS_FAILED", `${formatAddress(endpoint)} ${text}`, { endpoint, cause });
}

function meaningOf(endpoint: Endpoint, cause: unknown): Meaning {
  // This comes before the code is looked at: the caller's check may itself have failed with ECONNREFUSED.
  if (cause instanceof ServerIdentityRefusal) return { code: "TLS_FAILED", text: identityText(cause) };
  const found = MEANINGS[nodeCodeOf(cause)];
  if (found === CLOSED && isSecure(endpoint)) {
    return { ...CLOSED, text: `${CLOSED_IN_TLS}, or ${closedOverCertificate(ourSideOf(Object(cause))?.certificate)}` };
  }
  if (found) return found;
  const text = tlsTextOf(cause);
  if (text !== undefined) return { code: "TLS_FAILED", text };
  return { code: "ENDPOINT_UNREACHABLE", text: `cannot be reached: ${wordsOf(cause)}` };
}

function identityText(refusal: ServerIdentityRefusal): string {
  // The caller's check called Node's own check, which failed.
  if (refusal.code === "ERR_TLS_CERT_ALTNAME_INVALID") return tlsFailure(refusal.code, refusal.message) ?? "";
  return `has a certificate that tls.checkServerIdentity refuses: ${refusal.message}`;
}

function tlsTextOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  return tlsFailure(nodeCodeOf(cause), wordsOf(cause), ourSideOf(cause));
}

function nodeCodeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
