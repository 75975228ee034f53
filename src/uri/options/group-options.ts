/**
 * The options of a group as values, by their names in the table; what is absent or undefined was not said.
 *
 * Printed from src/uri/options/option-table.ts by npm run docs; change it there.
 */
import type { TableOptions } from "./option-table.ts";

/** Every option that a URI can have, by its name. */
export interface GroupOptions extends TableOptions {
  /**
   * The wait after the first failed round, from which the back-off grows (0 counts as 1, to avoid a hot loop). If
   * given, it is also the wait between a loss and the first round; by default that round starts at once. The first
   * connect never waits. In ms. Unless said: 10.
   */
  readonly initialReconnectDelay?: TableOptions["initialReconnectDelay"];
  /**
   * Qpid's name for the wait after the first failed round. If given, initialReconnectDelay is only the wait
   * between a loss and the first round. In ms. Unless said: initialReconnectDelay.
   */
  readonly reconnectDelay?: TableOptions["reconnectDelay"];
  /** The longest wait between two rounds. In ms. Unless said: 30000. */
  readonly maxReconnectDelay?: TableOptions["maxReconnectDelay"];
  /** Whether the waits grow; with false each is as long as the first. Unless said: true. */
  readonly useExponentialBackOff?: TableOptions["useExponentialBackOff"];
  /**
   * The factor from one wait to the next. By default the wait is about a tenth of the outage so far, so the next
   * active member is found within a tenth of it. Unless said: 1.1 in the first 10 s of an outage, then 2.
   */
  readonly backOffMultiplier?: TableOptions["backOffMultiplier"];
  /**
   * How many rounds over the whole list may fail in one outage before the connection gives up; -1 is unlimited. An
   * outage ends once a session has lasted minConnectTime or has confirmed or delivered something. In rounds.
   * Unless said: unlimited.
   */
  readonly maxReconnectAttempts?: TableOptions["maxReconnectAttempts"];
  /**
   * The same limit before the first session; -1 uses maxReconnectAttempts. With initialConnect=fail-fast it is one
   * round. In rounds. Unless said: maxReconnectAttempts.
   */
  readonly startupMaxReconnectAttempts?: TableOptions["startupMaxReconnectAttempts"];
  /**
   * A session that ends sooner, without having confirmed or delivered anything, does not reset the back-off. In
   * ms. Unless said: 5000.
   */
  readonly minConnectTime?: TableOptions["minConnectTime"];
  /**
   * Whether each round shuffles the list. False for failover: too, because only one member of a master/slave group
   * answers, and the order is the operator's choice. Unless said: false.
   */
  readonly randomize?: TableOptions["randomize"];
  /**
   * Spreads a fleet of clients (docs/fleet.md): the first round after a loss waits a random time up to this, and
   * the wait between rounds is about this at least. In ms. Unless said: 0.
   */
  readonly reconnectSpread?: TableOptions["reconnectSpread"];
  /**
   * The deadline of one attempt: dial, TLS and protocol handshake together. It doubles, up to eight times as long,
   * for an endpoint that accepts and then stays silent. In ms. Unless said: 15000.
   */
  readonly attemptTimeout?: TableOptions["attemptTimeout"];
  /**
   * How long an endpoint may stay silent before the next one is tried as well; with 0 they are tried strictly one
   * at a time, each for up to attemptTimeout. In ms. Unless said: 250.
   */
  readonly attemptStagger?: TableOptions["attemptStagger"];
  /** The deadline of connect(), over all rounds; 0 is none. In ms. Unless said: none. */
  readonly connectTimeoutMs?: TableOptions["connectTimeoutMs"];
  /**
   * Whether connect() keeps trying as long as maxReconnectAttempts allows, or fails after one round. Unless said:
   * wait.
   */
  readonly initialConnect?: TableOptions["initialConnect"];
  /**
   * How long a login that is refused after the first session is tried again (after 1, 2, 4, 8, 16 and then 30 s)
   * before the connection fails; 0 fails at the first refusal. Before the first session the first refusal ends
   * connect(). In ms. Unless said: 60000.
   */
  readonly authRetryMs?: TableOptions["authRetryMs"];
  /**
   * The heart-beat (STOMP) or idle time-out (AMQP) interval wanted in both directions: a peer that is silent for
   * 2.1 intervals, or on Linux acknowledges nothing for 1.4, counts as dead; 0 turns this off. In ms. Unless said:
   * 5000.
   */
  readonly heartbeatMs?: TableOptions["heartbeatMs"];
  /**
   * The default `timeoutMs` of a send, connected or not; 0 and -1 are none. Java measures only the wait for a
   * connection. In ms. Unless said: none.
   */
  readonly timeout?: TableOptions["timeout"];
  /**
   * What happens to a send whose session ended before its confirmation: it is sent again, or rejected with
   * SendInDoubtError. Unless said: resend.
   */
  readonly inDoubt?: TableOptions["inDoubt"];
  /** How many sends may be unconfirmed; further ones wait. In sends. Unless said: 10000. */
  readonly maxPendingSends?: TableOptions["maxPendingSends"];
  /** How many bytes of unconfirmed sends are kept; further sends wait. In bytes. Unless said: 16777216. */
  readonly maxPendingBytes?: TableOptions["maxPendingBytes"];
  /**
   * The largest message that is received, in bytes; a larger one is rejected to the broker's dead letters with the
   * warning MESSAGE_TOO_LARGE. In bytes. Unless said: 268435456.
   */
  readonly maxMessageBytes?: TableOptions["maxMessageBytes"];
  /**
   * What happens to a send beyond maxPendingSends or maxPendingBytes: it waits for room, or rejects with
   * SendOverflowError. Unless said: wait.
   */
  readonly overflow?: TableOptions["overflow"];
  /**
   * What happens to a send while there is no session: it is held until there is one, or rejected with
   * NotConnectedError. The option inDoubt applies to sends written before. Unless said: hold.
   */
  readonly whenInterrupted?: TableOptions["whenInterrupted"];
  /**
   * What happens to a send that the broker refuses because it is full (resource-limit-exceeded, a full store): it
   * is rejected with SendRejectedError, or kept and sent again with growing waits. Sends to the same destination
   * then wait behind it; others go on. Unless said: reject.
   */
  readonly whenFull?: TableOptions["whenFull"];
  /**
   * Whether persistent sends that come together share one confirmation, which makes them several times faster.
   * Over STOMP on ActiveMQ Classic, with heart-beats. On Artemis sends always share transactions, for safety;
   * elsewhere it changes nothing. Unless said: true.
   */
  readonly groupCommit?: TableOptions["groupCommit"];
  /**
   * How long a release over STOMP waits for the consumer's other deliveries to be settled before they become
   * stale: STOMP releases deliveries only by subscribing again. In ms. Unless said: 1000.
   */
  readonly releaseWaitMs?: TableOptions["releaseWaitMs"];
  /**
   * How long a durable subscription that another live session holds is requested again before the consumer fails.
   * A broker keeps the session of a dead client for up to a minute. In ms. Unless said: 70000.
   */
  readonly durableRetryMs?: TableOptions["durableRetryMs"];
  /**
   * Where reject() sends a message over STOMP on Artemis, which discards what is rejected: the dead-letter-address
   * of its address settings. Unless said: queue://DLQ.
   */
  readonly deadLetterDestination?: TableOptions["deadLetterDestination"];
  /**
   * After this many sessions in a row ended with a send or subscription in flight, it is tried once more, alone.
   * In sessions. Unless said: 3.
   */
  readonly poisonAfter?: TableOptions["poisonAfter"];
  /** How long close() waits for pending sends and for running handlers; 0 does not wait. In ms. Unless said: 10000. */
  readonly drainTimeoutMs?: TableOptions["drainTimeoutMs"];
  /**
   * AMQP only: which SASL mechanisms may be used, the preferred one first, separated by commas. By default a
   * password goes by SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN, a token by OAUTHBEARER, XOAUTH2 or PLAIN, a client
   * certificate by EXTERNAL or ANONYMOUS, whichever of them the broker offers first in this order. Without PLAIN
   * in the list no password ever leaves the process. Unless said: what fits the login.
   */
  readonly saslMechanisms?: TableOptions["saslMechanisms"];
  /**
   * Whether a group may mix endpoints with and without TLS, and whether a token may go to a plain endpoint beyond
   * this machine. Even then a plain endpoint is never tried while a secure one of the URI fails with TLS_FAILED,
   * and each session that a login reached in plain text raises the warning PLAINTEXT_LOGIN. Unless said: false.
   */
  readonly allowPlaintext?: TableOptions["allowPlaintext"];
  /** Whether a URI with a plain endpoint is refused, this machine's own included. Unless said: false. */
  readonly requireTls?: TableOptions["requireTls"];
  /**
   * Which endpoints named by an AMQP broker (failover-server-list, redirects) are tried, and so given the login:
   * `listed` takes those on hosts of the URI, whatever the port; `any` takes all of them. In code it may also be a
   * function `(endpoint) => boolean`. An endpoint that is not taken raises the warning ALTERNATE_REFUSED, one that
   * is added the event `alternate`. Unless said: listed.
   */
  readonly alternates?: TableOptions["alternates"];
  /** The STOMP client-id or AMQP container-id; durable subscriptions need it. Unless said: none. */
  readonly clientId?: TableOptions["clientId"];
  /** The protocol of tcp:// and ssl:// endpoints; one protocol per URI. Unless said: by the scheme. */
  readonly protocol?: TableOptions["protocol"];
  /**
   * Whether to use the alternates that an AMQP broker names when it opens a connection; the option alternates says
   * which of them are tried. Unless said: ADD.
   */
  readonly amqpOpenServerListAction?: TableOptions["amqpOpenServerListAction"];
  /** False means amqpOpenServerListAction=IGNORE, which takes precedence if both are given. Unless said: true. */
  readonly updateURIsSupported?: TableOptions["updateURIsSupported"];
}
