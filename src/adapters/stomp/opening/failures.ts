/** What a peer did wrong, as the error it becomes: a failed attempt with its verdict, a refused request, or a lost session. */
import {
  AttemptError,
  type AttemptErrorCode,
  AuthenticationError,
  formatAddress,
  MasterSlaveError,
  SessionLostError,
  type Verdict,
} from "../../../errors/errors.ts";
import { printable, printableError, printableLine } from "../../../errors/printable.ts";
import { kindOf, type Login, WRONG_LOGIN } from "../../../messaging/port/login.ts";
import { lateTlsFailure } from "../../../transport/dial/dial-failure.ts";
import { describePeer, whyClosed } from "../../../transport/dial/peer-kind.ts";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import { redactingCredentials } from "../../shared/redact-credentials.ts";
import type { ConnectRefused } from "../stompit/connect-with-stompit.ts";
import { peerText } from "./peer-text.ts";

interface HandshakeFailure {
  /** What the peer did, as docs/refusals.md tells it. */
  readonly cause: string;
  readonly code: AttemptErrorCode;
  readonly verdict: Verdict;
  /** Follows the endpoint's address. */
  readonly text: string;
}

/** Every way a handshake fails once the socket is connected. What fails before is the dial's; silence ends by the attempt's deadline. */
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
    text: "was not asked, for the credentials failed",
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
    text: "refused the connection, for another live connection uses this clientId: give each process a clientId of its own",
  },
} as const satisfies Record<string, HandshakeFailure>;

export type HandshakeFailureKind = keyof typeof HANDSHAKE_FAILURES;

/** `detail` says what was found; it must be free of credentials. */
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

/** Takes the credentials out of a text of the peer's. */
type Conceal = (text: string) => string;
/** Before there is a login. */
const showAll: Conceal = (text) => text;

const ANSWERS = ["CONNECTED\n", "CONNECTED\r\n", "ERROR\n", "ERROR\r\n"];

/** A peer whose first bytes cannot begin an answer to CONNECT, by the name of what it speaks where that has one. */
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

/** The handshake broke off: the socket ended, or the answer is none. */
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
  // Most of what is no STOMP is no UTF-8 either; a login is.
  const shown = concealed === text ? firstBytes.toString("latin1") : concealed;
  return `its answer begins ${printableLine(JSON.stringify(shown))}`;
}

/** What is kept of an ERROR frame's body, which is a stack trace as a rule. */
export const MAX_ERROR_BYTES = 64 * 1024;

/** What is kept of its header where it has no body: Artemis prints the whole message that it refuses. */
const MAX_CAUSE = 8 * 1024;

/** What an ERROR frame says. */
export interface BrokerRefusal {
  readonly receiptId: string | undefined;
  /** The message header, and the body's first line where that says more. */
  readonly text: string;
  /** The whole body, for `cause`: a broker written in Java sends its stack trace. */
  readonly cause: Error;
}

/** What the headers of an ERROR frame say. */
interface ErrorHeaders {
  readonly message?: string | undefined;
  readonly receiptId?: string | undefined;
}

/** `redact` takes the credentials out: brokers like to name the user. */
export function readRefusal(
  { message = "", receiptId }: ErrorHeaders,
  body: Buffer,
  redact: (text: string) => string,
): BrokerRefusal {
  const said = peerText(message, redact).trim();
  const whole = redact(body.toString()).trim();
  const [firstLine = ""] = peerText(whole, (text) => text).split(/\r?\n/, 1);
  const text = printableLine(joinTexts(said, firstLine)) || "no reason given";
  return { receiptId, text, cause: new Error(printable(whole || peerText(message, redact, MAX_CAUSE))) };
}

/**
 * Classic's body begins with the message again, Artemis's is the same but for its colons. To look for one text in another
 * takes up to the product of their lengths: both are cut before (peerText).
 */
function joinTexts(said: string, firstLine: string): string {
  const [words, wordsOfBody] = [said, firstLine].map((text) => text.replace(/[\s:]+/g, " ")) as [string, string];
  if (wordsOfBody.includes(words)) return firstLine;
  return words.includes(wordsOfBody) ? said : `${said}: ${firstLine}`;
}

/**
 * STOMP has no code for refused credentials, only a sentence. ActiveMQ Classic says "User name [x] or password is invalid.",
 * Artemis "Security Error occurred: User name [x] or password is invalid", and Classic of a TLS connector that logs in by
 * certificate "Unable to authenticate transport without SSL certificate."; the rest is what other brokers and plugins say.
 */
const CREDENTIALS_REFUSED =
  /user name (.* )?or password is invalid|without ssl certificate|(authentication|login) (failed|failure)|access refused|(bad|invalid|wrong) (credentials|user ?name|password|login)/i;

/** Classic: "Broker: a - Client: me already connected from tcp://…". It takes the id again as soon as that connection is gone. */
const CLIENT_ID_IN_USE = /client: .* already connected/i;

/** Classic: "Durable consumer is in use for client: …". */
const SUBSCRIPTION_IN_USE = /durable consumer is in use/i;

/** Whether a subscription was refused only because another live session has it. */
export function saysInUse(text: string): boolean {
  return SUBSCRIPTION_IN_USE.test(text) || CLIENT_ID_IN_USE.test(text);
}

/** Classic's words for a frame past `wireFormat.maxDataLength` or `maxFrameSize`; it names no receipt, and closes. */
export function saysTooLarge(text: string): boolean {
  return /maximum (data length|frame size) was exceeded/i.test(text);
}

/** An ERROR in answer to CONNECT. Only the sentence is looked at: stack traces are full of words like "authentication". */
export function refusedConnect(
  endpoint: Endpoint,
  { headers, body }: ConnectRefused,
  login: Login | undefined,
): AttemptError {
  const said = { message: headers["message"] };
  const redact = redactingCredentials(login);
  // Before the credentials are taken out: a password such as "password" is a word of the sentence.
  const { text: asSaid } = readRefusal(said, body, (text) => text);
  if (CREDENTIALS_REFUSED.test(asSaid)) {
    const wanted = /without ssl certificate/i.test(asSaid) ? "external" : kindOf(login);
    return handshakeFailure("badCredentials", endpoint, `: ${WRONG_LOGIN[wanted]}`);
  }
  const refusal = readRefusal(said, body, redact);
  if (CLIENT_ID_IN_USE.test(asSaid))
    return handshakeFailure("clientIdInUse", endpoint, `: ${refusal.text}`, refusal.cause);
  return handshakeFailure("refused", endpoint, `: ${refusal.text}`, refusal.cause);
}

/** Why a session is over, from what its socket ended with or what is wrong with the peer's bytes. */
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

/** Classic: "Unexpected ACK received for message-id [m]": of an acknowledgement that came too late. */
export function saysOfAck(text: string): boolean {
  return /unexpected n?ack/i.test(text);
}

/** Artemis' ERRORs about the connection as a whole: no heart-beat in time, or a consumer that it ended by itself. */
export function saysOfSession(text: string): boolean {
  return /AMQ229014|disconnected by server/i.test(text);
}

/** Artemis' ERRORs that can only be about a SUBSCRIBE: of its selector, or of leave to consume. */
export function saysOfSubscribe(text: string): boolean {
  return /\b(selector|filter)\b|permission='(CONSUME|BROWSE)'/i.test(text);
}

/** An ERROR that ends the session. `known`: what it refused has been told; otherwise nobody knows, and it cannot go on. */
export function refusedSession(endpoint: Endpoint, refusal: BrokerRefusal, known: boolean): SessionLostError {
  const what = known ? "closed the connection with an error" : "reported an error without saying of what";
  const text = `${formatAddress(endpoint)} ${what}: ${refusal.text}`;
  return new SessionLostError("SESSION_LOST", text, { endpoint, cause: refusal.cause });
}

/** Whether another connection has our client id: it will be free when that is gone. */
export function isClientIdInUse(error: unknown): error is AttemptError {
  return error instanceof AttemptError && error.message.includes(HANDSHAKE_FAILURES.clientIdInUse.text);
}

function causeOf(error: Error): unknown {
  return error instanceof MasterSlaveError ? error.cause : printableError(error);
}
