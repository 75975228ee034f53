/** The settings of a protocol adapter, for all its attempts. */
import type { EndpointAddress } from "../../errors/errors.ts";
import type { Lookup } from "../../transport/dial/resolve-host.ts";
import type { TlsSource } from "../../transport/tls/tls-options.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import type { SaslMechanism } from "../../uri/options/login-options.ts";
import type { Destination } from "../messages/destination.ts";
import type { Login, LoginContext } from "./login.ts";

/** A warning: nothing has failed, but the user should know. `message` says what to do. */
export interface ConnectionWarning {
  /**
   * `PREFETCH_TOO_LARGE`: Classic over STOMP stops for good when so many acknowledgements wait unread.
   * `SUBSCRIPTION_IN_USE`: another live session holds the durable subscription, or the client id; it is requested again.
   * `GROUP_COMMIT_OFF`: Classic stopped reading the connection in the middle of a group; from now on sends go singly.
   * `REPLY_REFUSED`: the reply to a request could not be sent, because nobody waits for it any more; the request counts as done.
   * `ALTERNATE_REFUSED`: a broker named an endpoint that the option `alternates` does not take; it is not tried.
   * `PLAINTEXT_LOGIN`: a password or a token went over a connection without TLS to another machine.
   * `LOGIN_REFUSED`: the login was refused after the first session; it is tried again for up to `authRetryMs`.
   * `NOT_CONNECTED`: something was sent a second ago, and connect() was not called yet.
   * `CLOSE_IN_HANDLER`: a handler closes what waits for it, or its own consumer, which gives its message back.
   * `OPTIONS_IGNORED`: the URI has options of other clients that have no effect here.
   * `SINGLE_ENDPOINT`: a `masterslave:` URI has one endpoint, so there is none to fail over to.
   * `SECRET_FILE_READABLE`: every user of this machine may read a file with a password, a token or a key.
   * `UNREADABLE_MESSAGE`: a message that cannot be read was rejected; the text names destination, id and reason.
   * `MESSAGE_TOO_LARGE`: a message of more than `maxMessageBytes` was rejected; the text names destination, id and size.
   * `CLOCK_BEHIND`: this machine's clock is behind another one; over STOMP what is sent with ttlMs expires too early.
   */
  readonly code:
    | "UNREADABLE_MESSAGE"
    | "MESSAGE_TOO_LARGE"
    | "PREFETCH_TOO_LARGE"
    | "SUBSCRIPTION_IN_USE"
    | "GROUP_COMMIT_OFF"
    | "REPLY_REFUSED"
    | "ALTERNATE_REFUSED"
    | "PLAINTEXT_LOGIN"
    | "LOGIN_REFUSED"
    | "NOT_CONNECTED"
    | "CLOSE_IN_HANDLER"
    | "OPTIONS_IGNORED"
    | "SINGLE_ENDPOINT"
    | "SECRET_FILE_READABLE"
    | "CLOCK_BEHIND";
  /** What was seen, what follows, and what to do. */
  readonly message: string;
  /** The endpoint where it was seen. */
  readonly endpoint: EndpointAddress | undefined;
}

export interface AdapterSettings {
  /**
   * Called on every attempt; undefined sends no login. If it throws, the attempt fails (CREDENTIALS_UNAVAILABLE,
   * `next`).
   */
  readonly credentials: (endpoint: Endpoint, context: LoginContext) => Login | undefined | Promise<Login | undefined>;
  /** The SASL mechanisms that may be used over AMQP, in order; undefined: those that fit the login, in our order. */
  readonly saslMechanisms?: readonly SaslMechanism[] | undefined;
  /** The AMQP container-id or STOMP client-id; undefined if the user gave none. */
  readonly clientId: string | undefined;
  /** The heart-beat interval wanted in both directions, in ms; 0 turns heart-beats off. */
  readonly heartbeatMs: number;
  /** The size limit in bytes: a larger message is rejected with a warning. undefined: the option's default. */
  readonly maxMessageBytes?: number | undefined;
  readonly tls: TlsSource | undefined;
  /** Replaces the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Where reject() sends a message that the broker would discard: Artemis over STOMP. */
  readonly deadLetterDestination: Destination;
  /** How long a release over STOMP waits for the other deliveries of its subscription, in ms. */
  readonly releaseWaitMs: number;
  /** Whether sends may share one confirmation; only STOMP on Classic uses it. undefined: no. */
  readonly groupCommit?: boolean | undefined;
  /** Reports what a user should know although nothing has failed. Never throws. */
  readonly onWarning: (warning: ConnectionWarning) => void;
  /** Reports endpoints that the broker named; they are added to the user's list. */
  readonly onAlternates?: ((endpoints: readonly Endpoint[]) => void) | undefined;
}
