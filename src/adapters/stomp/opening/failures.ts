/** The errors for what a peer did wrong: a failed attempt with its verdict, a refused request, or a lost session. */
import {
  AttemptError,
  type AttemptErrorCode,
  AuthenticationError,
  formatAddress,
  MasterSlaveError,
  SessionLostError,
  type Verdict,
} from "../../../errors/errors.ts";
import { printableError, printableLine } from "../../../errors/printable.ts";
import { kindOf, type Login, WRONG_LOGIN } from "../../../messaging/port/login.ts";
import { lateTlsFailure } from "../../../transport/dial/dial-failure.ts";
import { describePeer, whyClosed } from "../../../transport/dial/peer-kind.ts";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import { redactingCredentials } from "../../shared/redact-credentials.ts";
import type { ConnectRefused } from "../stompit/connect-with-stompit.ts";
import { peerText } from "./peer-text.ts";
import { type BrokerRefusal, readRefusal, saysClientIdInUse } from "./refusal.ts";

interface HandshakeFailure {
  /** The behaviour of the peer that is this failure; docs/refusals.md prints the text. */
  readonly cause: string;
  readonly code: AttemptErrorCode;
  readonly verdict: Verdict;
  /** The text after the endpoint's address. */
  readonly text: string;
}

/**
 * Every way in which a handshake fails once the socket is connected. Earlier failures belong to dialling; silence ends
 * by the attempt's deadline.
 */
export const HANDSHAKE_FAILURES = {
  closed: {
    cause:
      "the socket closed or was reset: nobody is active behind the port yet, or it is a TLS port; over TLS also: it wants another client certificate",
    code: "ENDPOINT_CLOSED",
    verdict: "next",
    text: "closed the connection before the STOMP handshake was done",
  },
  tls: {
    cause: "an alert of TLS in answer to CONNECT",
    code: "TLS_FAILED",
    verdict: "next",
    text: "does not speak plain STOMP here: it",
  },
  otherProtocol: {
    cause: "the first bytes are another protocol's",
    code: "WRONG_PROTOCOL",
    verdict: "next",
    text: "is no STOMP port: it",
  },
  notStomp: {
    cause: "the bytes are no answer to CONNECT",
    code: "PROTOCOL_ERROR",
    verdict: "next",
    text: "does not answer as STOMP should",
  },
  oldVersion: {
    cause: "CONNECTED with a version that was not asked for",
    code: "PROTOCOL_ERROR",
    verdict: "next",
    text: "speaks another version of STOMP than 1.1 or 1.2",
  },
  noCredentials: {
    cause: "nothing: the credentials function failed, or their file cannot be read",
    code: "CREDENTIALS_UNAVAILABLE",
    verdict: "next",
    text: "was not asked, because the credentials failed",
  },
  badCredentials: {
    cause: "an ERROR that says that the login is wrong, or that a client certificate is wanted",
    code: "AUTHENTICATION_FAILED",
    verdict: "stop",
    text: "refused the login",
  },
  unsendable: {
    cause:
      "nothing: the login has a line break or NUL, which CONNECT cannot carry, or is a client certificate without TLS",
    code: "AUTHENTICATION_FAILED",
    verdict: "stop",
    text: "was not asked",
  },
  refused: {
    cause: "any other ERROR in answer to CONNECT",
    code: "ENDPOINT_REJECTED",
    verdict: "next",
    text: "refused the connection",
  },
  clientIdInUse: {
    cause: "an ERROR that says that the client id is in use",
    code: "ENDPOINT_REJECTED",
    verdict: "next",
    text: "refused the connection, because another live connection uses this clientId: give each process a clientId of its own",
  },
} as const satisfies Record<string, HandshakeFailure>;

export type HandshakeFailureKind = keyof typeof HANDSHAKE_FAILURES;

/** `detail` says what was found; it must not contain credentials. */
export function handshakeFailure(
  kind: HandshakeFailureKind,
  endpoint: Endpoint,
  detail?: string,
  cause?: unknown,
): AttemptError {
  const { code, verdict, text } = HANDSHAKE_FAILURES[kind];
  const message = `${formatAddress(endpoint)} ${text}${detail === undefined ? "" : detail}`;
  const details = { endpoint, cause, verdict };
  return verdict === "stop" ? new AuthenticationError(message, details) : new AttemptError(code, message, details);
}

/** Redacts the credentials in a text of the peer. */
type Conceal = (text: string) => string;
/** Used before there is a login. */
const showAll: Conceal = (text) => text;

const ANSWERS = ["CONNECTED\n", "CONNECTED\r\n", "ERROR\n", "ERROR\r\n"];

/** The failure for a peer whose first bytes cannot begin an answer to CONNECT; names its protocol if that is known. */
export function foreignPeer(
  { endpoint, firstBytes }: EndpointSocket,
  redact: Conceal = showAll,
): AttemptError | undefined {
  const text = firstBytes.toString("latin1").replace(/^[\r\n]+/, "");
  if (ANSWERS.some((answer) => answer.startsWith(text) || text.startsWith(answer))) return undefined;
  const speaks = describePeer(firstBytes);
  if (speaks === undefined) return handshakeFailure("notStomp", endpoint, `: ${beginning(firstBytes, redact)}`);
  return handshakeFailure(speaks.startsWith("speaks TLS") ? "tls" : "otherProtocol", endpoint, ` ${speaks}`);
}

/** The failure for a handshake that broke off: the socket ended, or the answer is not STOMP. */
export function brokenHandshake(socket: EndpointSocket, cause: Error, redact: Conceal = showAll): AttemptError {
  const { endpoint, firstBytes } = socket;
  const foreign = foreignPeer(socket, redact);
  if (foreign) return foreign;
  if (cause instanceof MasterSlaveError || socket.readableEnded) {
    const text = `: ${whyClosed(endpoint)}`;
    return lateTlsFailure(endpoint, cause) ?? handshakeFailure("closed", endpoint, text, causeOf(cause));
  }
  return handshakeFailure(
    "notStomp",
    endpoint,
    `: ${printableLine(peerText(cause.message, redact))}; ${beginning(firstBytes, redact)}`,
  );
}

function beginning(firstBytes: Buffer, redact: Conceal): string {
  const text = firstBytes.toString();
  const concealed = redact(text);
  // Most protocols other than STOMP are not UTF-8; a login is.
  const shown = concealed === text ? firstBytes.toString("latin1") : concealed;
  return `its answer begins ${printableLine(JSON.stringify(shown))}`;
}

/**
 * STOMP has no code for refused credentials, only a sentence. Classic: "User name [x] or password is invalid.";
 * Artemis: "Security Error occurred: User name [x] or password is invalid"; Classic on a TLS connector with login by
 * certificate: "Unable to authenticate transport without SSL certificate.". The rest are sentences of other brokers and
 * plug-ins.
 */
const CREDENTIALS_REFUSED =
  /user name (.* )?or password is invalid|without ssl certificate|(authentication|login) (failed|failure)|access refused|(bad|invalid|wrong) (credentials|user ?name|password|login)/i;

/**
 * The error for an ERROR in answer to CONNECT. Only the sentence is examined, because stack traces contain words such
 * as "authentication".
 */
export function refusedConnect(
  endpoint: Endpoint,
  { headers, body }: ConnectRefused,
  login: Login | undefined,
): AttemptError {
  const said = { message: headers["message"] };
  const refusal = readRefusal(said, body, redactingCredentials(login));
  if (refusal.says(CREDENTIALS_REFUSED)) {
    const wanted = refusal.says(/without ssl certificate/i) ? "external" : kindOf(login);
    return handshakeFailure("badCredentials", endpoint, `: ${WRONG_LOGIN[wanted]}`);
  }
  if (saysClientIdInUse(refusal))
    return handshakeFailure("clientIdInUse", endpoint, `: ${refusal.text}`, refusal.cause);
  return handshakeFailure("refused", endpoint, `: ${refusal.text}`, refusal.cause);
}

/** The error of a session that ended, from the end of its socket or from what is wrong with the peer's bytes. */
export function sessionLoss(socket: EndpointSocket, cause: Error, redact: Conceal = showAll): MasterSlaveError {
  const { endpoint } = socket;
  if (cause instanceof MasterSlaveError) return cause;
  const where = formatAddress(endpoint);
  if (socket.readableEnded) {
    return new SessionLostError("SESSION_LOST", `${where} closed the connection`, { endpoint });
  }
  return new SessionLostError(
    "PROTOCOL_ERROR",
    `${where} broke the rules of STOMP: ${printableLine(peerText(cause.message, redact))}`,
    {
      endpoint,
    },
  );
}

/**
 * The error of a session that an ERROR ends. `known`: the refused request was told. Otherwise it is unknown which
 * request was refused, so the session cannot go on.
 */
export function refusedSession(endpoint: Endpoint, refusal: BrokerRefusal, known: boolean): SessionLostError {
  const what = known ? "closed the connection with an error" : "reported an error without saying of what";
  const text = `${formatAddress(endpoint)} ${what}: ${refusal.text}`;
  return new SessionLostError("SESSION_LOST", text, { endpoint, cause: refusal.cause });
}

/** Whether another connection has our client id: it becomes free when that connection ends. */
export function isClientIdInUse(error: unknown): error is AttemptError {
  return error instanceof AttemptError && error.message.includes(HANDSHAKE_FAILURES.clientIdInUse.text);
}

function causeOf(error: Error): unknown {
  return error instanceof MasterSlaveError ? error.cause : printableError(error);
}
