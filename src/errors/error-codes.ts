/** The closed list of error codes. docs/errors.md prints it. */

/** Each code, with its meaning and what to do. Codes are stable: programs may compare them. */
export const ERROR_CODES = {
  INVALID_URI: "The URI cannot be read; the message points at the character",
  UNKNOWN_OPTION: "An option name is not known; the message names the nearest one",
  INVALID_OPTION: "An option has a value it cannot take",
  BRIDGE_CONFIG:
    "The configuration of a bridge cannot be used; `findings` lists each mistake with its place and advice",
  TOPOLOGY_INVALID:
    "The description of a topology cannot be used; `findings` lists each mistake with its place and advice",
  INVALID_ARGUMENT: "A call was made with an argument it cannot take; nothing was sent",
  ENDPOINT_UNKNOWN: "The host name has no address; the next endpoint is tried",
  ENDPOINT_REFUSED: "Nothing listens there, as on a standby; the next endpoint is tried",
  ENDPOINT_UNREACHABLE: "The network does not reach the endpoint; the next endpoint is tried",
  ENDPOINT_CLOSED:
    "The peer closed or reset before the handshake was done; the broker may be full (its limit of connections); the next endpoint is tried",
  ENDPOINT_REJECTED: "The broker refused this connection for now; the next endpoint is tried",
  ATTEMPT_TIMEOUT: "The endpoint did not finish the handshake within attemptTimeout",
  ATTEMPT_SUPERSEDED: "Another endpoint finished its handshake first; this attempt was given up",
  WRONG_PROTOCOL: "The peer speaks another protocol; use the broker's port for this one",
  TLS_FAILED: "The TLS handshake failed, or one side speaks TLS and the other does not",
  PLAINTEXT_REFUSED:
    "A plain endpoint was not asked: a token must not go in plain text, nor a login of a group whose TLS fails; see allowPlaintext",
  PROTOCOL_ERROR: "The peer violated the protocol",
  CREDENTIALS_UNAVAILABLE:
    "The credentials function failed, or their file cannot be read; the next attempt tries again",
  AUTHENTICATION_FAILED: "The broker refused the credentials",
  NO_ACTIVE_ENDPOINT: "No endpoint is active; `attempts` lists what each of them answered",
  CONNECT_TIMEOUT: "No session was established within connectTimeoutMs",
  SESSION_LOST: "The session ended unexpectedly",
  HEARTBEAT_LOST: "The peer was silent, or acknowledged nothing, for longer than the heart-beats allow",
  CONNECTION_CLOSED: "The connection is closed; make a new one",
  ABORTED: "The caller's AbortSignal fired",
  SEND_TIMEOUT: "The broker did not confirm the send in time; `inDoubt` tells whether it had been written",
  SEND_REJECTED: "The broker refused this message",
  SEND_NOT_STORED: "The broker gave the message back without storing it; send it again",
  SEND_IN_DOUBT: "The session ended before the broker confirmed the send: it may or may not be stored",
  SEND_EXPIRED: "The message's time to live ran out before it could be confirmed",
  MESSAGE_TOO_LARGE: "The message is larger than the limit of the broker, or than maxPendingBytes",
  SEND_OVERFLOW: "maxPendingSends or maxPendingBytes is reached and overflow is reject; nothing was sent",
  NOT_CONNECTED: "There is no session at the moment and whenInterrupted is reject; the message was not written",
  POISON_SEND: "Several sessions ended while this message was in flight, the last one with this message alone",
  SUBSCRIPTION_REFUSED: "The broker refused the subscription",
  CONSUMER_CLOSED: "The consumer was closed before the broker had its subscription: open another",
  REQUEST_TIMEOUT: "No reply came within timeoutMs",
  REQUEST_INTERRUPTED: "The temporary reply queue was lost with its session before the reply came",
  TRANSACTION_TIMEOUT: "The transaction was not committed within timeoutMs and is rolled back",
  TRANSACTION_INTERRUPTED: "The session ended before the commit: the transaction is rolled back",
  TRANSACTION_ROLLED_BACK: "The broker refused the commit or a member: the transaction is rolled back",
  TRANSACTION_OVER: "The transaction is over, or can only be rolled back: begin another",
  TRANSACTION_IN_DOUBT:
    "The session ended between the commit and its answer: the transaction took effect whole, or not at all",
  STALE_DELIVERY: "The delivery's session or subscription is gone: the message comes again",
  ALREADY_SETTLED: "The delivery was settled before",
  UNREADABLE_BODY: "The body cannot be read in the requested form",
  UNSUPPORTED: "This broker or protocol cannot do that; the message says why",
  INTERNAL: "A bug in masterslave-transport; please report it with its cause",
} as const satisfies Record<string, string>;

/** All codes that an error can have. */
export type ErrorCode = keyof typeof ERROR_CODES;
