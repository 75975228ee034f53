/**
 * The connection that users hold: its sends, consumers, requests and transactions live on while sessions come and go.
 */
import { type InspectOptions, inspect } from "node:util";
import { IsolatedEmitter } from "../../async/isolated-emitter.ts";
import {
  AbortError,
  addressOf,
  type EndpointAddress,
  InvalidArgumentError,
  type MasterSlaveError,
} from "../../errors/errors.ts";
import { inspectedAs } from "../../errors/inspected-as.ts";
import { debugEvents } from "../../transport/debug-log.ts";
import { FailoverTransport } from "../../transport/failover-transport.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { argumentError, checkFlags, checkFunction, checkTimeout, readOptions } from "../messages/argument-checks.ts";
import { addressed } from "../messages/bare-address.ts";
import { type Destination, parseDestination } from "../messages/destination.ts";
import { KnownDestinations } from "../messages/known-destinations.ts";
import { createOutgoingMessage, type MessageBody } from "../messages/outgoing-message.ts";
import type { ReceivedMessage } from "../messages/received-message.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";
import type { Broker, MessagingSession } from "../port/messaging-session.ts";
import { browse } from "../receiving/consuming/browse.ts";
import {
  type BrowseOptions,
  type ConsumeOptions,
  readBrowseOptions,
  readConsumeOptions,
} from "../receiving/consuming/consume-options.ts";
import type { Consumer } from "../receiving/consuming/consumer.ts";
import { type UnsubscribeOptions, unsubscribe } from "../receiving/consuming/unsubscribe.ts";
import { readRunOptions } from "../receiving/handling/run-consumer.ts";
import type { TransactedWork, TransactionOptions } from "../receiving/handling/transact.ts";
import { closedError, SessionRecovery } from "../recovery/session-recovery.ts";
import { REQUEST_OPTIONS, type RequestOptions } from "../requests/requests.ts";
import { type AnswerRequest, RESPOND_OPTIONS, Responder, type RespondOptions } from "../requests/responder.ts";
import { type CloseOptions, checkSendOptions, NO_OPTIONS, type SendOptions } from "../sending/call-options.ts";
import { Producer } from "../sending/producer.ts";
import type { SendPolicy, SendResult } from "../sending/send-policy.ts";
import { warnOfClosingWork } from "./closing-work.ts";
import { CONNECTION_EMITTER, CONNECTION_LINES, type ConnectionEvents } from "./connection-events.ts";
import type { ConnectionParts } from "./connection-parts.ts";
import { type ConnectionStats, type ConnectionStatus, describeState, inspectedFacts } from "./connection-stats.ts";
import { IdleNotice } from "./idle-notice.ts";
import { createLastingWork, type LastingWork } from "./lasting-work.ts";
import { observeSessions } from "./session-observer.ts";

/** The warnings about a single message that was not delivered. */
const UNREAD: ReadonlySet<ConnectionWarning["code"]> = new Set(["UNREADABLE_MESSAGE", "MESSAGE_TOO_LARGE"]);

/**
 * A connection to whichever member of a group is active. connect() or createConnection() makes it. It lives across
 * failovers, and ends with close() or with the reason in `closed`.
 */
export class Connection extends IsolatedEmitter<ConnectionEvents> implements AsyncDisposable {
  /** Resolves when nothing is left open: with undefined after `close()`, with the error if the connection failed. */
  readonly closed: Promise<MasterSlaveError | undefined>;
  readonly #parts: ConnectionParts;
  readonly #transport: FailoverTransport<MessagingSession>;
  readonly #held: LastingWork;
  readonly #recovery: SessionRecovery;
  readonly #destinations = new KnownDestinations();
  #closing: Promise<void> | undefined;
  readonly #notice = new IdleNotice(this);

  constructor(parts: ConnectionParts) {
    super(CONNECTION_EMITTER, debugEvents("connection", CONNECTION_LINES));
    const { settings } = parts;
    this.#parts = parts;
    this.#transport = new FailoverTransport({ ...parts, observer: observeSessions(this, () => this.#recovery) });
    this.#held = createLastingWork(settings, {
      warn: (warning) => this.warn(warning),
      handlerFailed: (failure) => this.emit("handlerFailed", failure),
      send: (...send) => this.#send(...send),
    });
    this.#recovery = new SessionRecovery(this.#transport, this.#held, settings.poisonAfter);
    this.closed = new Promise((resolve) => this.#transport.once("closed", resolve));
    this.#transport.on("attempt", (attempt) => this.emit("attempt", attempt));
    this.#transport.on("waiting", (waiting) => this.emit("waiting", waiting));
    this.#transport.on("failed", (failure) => this.emit("failed", failure));
    this.#transport.on("closed", (failure) => this.emit("closed", failure));
  }

  /** The state of the connection, with `lastError` while it is not connected. */
  get state(): ConnectionStatus {
    return describeState(this.#transport.state);
  }

  /** The active endpoint; undefined while there is none. */
  get endpoint(): EndpointAddress | undefined {
    const { state } = this.#transport;
    return state.name === "connected" ? state.endpoint : undefined;
  }

  /** What the last handshake told about the broker; undefined before the first. */
  get broker(): Broker | undefined {
    return this.#held.sessions.broker;
  }

  /**
   * Call it once. Resolves with this connection when the first session is established; rejects as
   * FailoverTransport.connect does.
   */
  async connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<this> {
    const { signal } = readOptions("connect", options, ["signal"]);
    this.#notice.forget();
    await this.#parts.prepared;
    await this.#transport.connect({ signal, connectTimeoutMs: this.#parts.settings.connectTimeoutMs });
    return this;
  }

  /**
   * Resolves when the broker has confirmed the message, on whichever session. The send is held while there is no
   * session, and while maxPendingSends or maxPendingBytes is reached. If its session ends before the answer, it is sent
   * again, in order, before anything newer (with `inDoubt=fail` it rejects with SEND_IN_DOUBT). The body must not
   * change until the promise settles. Rejects with INVALID_ARGUMENT, UNSUPPORTED, MESSAGE_TOO_LARGE, SEND_REJECTED,
   * SEND_NOT_STORED, SEND_EXPIRED, SEND_TIMEOUT, SEND_OVERFLOW, NOT_CONNECTED, POISON_SEND, ABORTED or
   * CONNECTION_CLOSED (with the reason as its cause).
   */
  send(destination: string, body: MessageBody, options: SendOptions = NO_OPTIONS): Promise<SendResult> {
    try {
      return this.#send(this.#destinations.parse(destination), body, options);
    } catch (reason) {
      return Promise.reject(argumentError("send()", reason));
    }
  }

  /** Returns a producer for one destination. @throws INVALID_ARGUMENT for a malformed one. */
  producer(destination: string): Producer {
    return new Producer(parseDestination(destination), (to, body, options) => this.#send(to, body, options));
  }

  /**
   * Returns a consumer, whose subscription is made on this and every later session until it is closed. Synchronous:
   * `ready` resolves when the broker has the subscription. If the broker cannot do it, the consumer ends with
   * SUBSCRIPTION_REFUSED and the reason. @throws INVALID_ARGUMENT for bad options, CONNECTION_CLOSED after close.
   */
  consume(destination: string, options: ConsumeOptions = {}): Consumer {
    const wanted = readConsumeOptions(destination, options, this.#parts.settings.clientId);
    this.#refuseWhenClosed(this.#closing !== undefined);
    return this.#held.consumers.open(wanted);
  }

  /**
   * Shows the messages in a queue from its head on, and removes none; ends when all have been shown. After a failover
   * it begins again and skips what it has shown. Throws SUBSCRIPTION_REFUSED if the broker cannot do it (Artemis over
   * STOMP). @throws INVALID_ARGUMENT, CONNECTION_CLOSED.
   */
  browse(destination: string, options: BrowseOptions = {}): AsyncGenerator<ReceivedMessage, void, void> {
    const wanted = readBrowseOptions(destination, options);
    this.#refuseWhenClosed(this.#closing !== undefined);
    return browse(this.#held.consumers.open(wanted));
  }

  /**
   * Deletes a durable subscription and the messages it has kept. Waits for a session, and asks the next one if it ends
   * before answering. Rejects with SUBSCRIPTION_REFUSED if the broker has none of that name or somebody consumes it,
   * INVALID_ARGUMENT if a consumer of this connection does, ABORTED, or CONNECTION_CLOSED. For an unknown name Artemis
   * over STOMP reports nothing: there it resolves.
   */
  async unsubscribe(name: string, options: UnsubscribeOptions = {}): Promise<void> {
    await unsubscribe(name, options, {
      clientId: this.#parts.settings.clientId,
      consumers: this.#held.consumers,
      sessions: this.#held.sessions,
    });
  }

  /**
   * Sends a message and resolves with the reply. Replies come to one queue of this connection, which survives a
   * failover; with `temporary`, to a temporary queue of the session. Rejects as send() does, with REQUEST_TIMEOUT after
   * `timeoutMs` (30 s by default), or with REQUEST_INTERRUPTED if the temporary queue was lost with its session.
   */
  async request(destination: string, body: MessageBody, options: RequestOptions = {}): Promise<ReceivedMessage> {
    const { replyTo, ...read } = readOptions<SendOptions & RequestOptions>("request", options, REQUEST_OPTIONS);
    if (replyTo !== undefined) throw new InvalidArgumentError("request() names the reply queue itself");
    checkFlags({ temporary: read.temporary });
    this.#refuseWhenDrained();
    return this.#held.requests.request(parseDestination(destination), body, read);
  }

  /**
   * Consumes requests, sends what `answer` returns to each request's reply-to, then accepts the request. An exception
   * is treated as by Consumer.run, and so is a reply that cannot be written. If nobody can receive the reply, the
   * warning REPLY_REFUSED is raised and the request is accepted. @throws as consume().
   */
  respond(destination: string, answer: AnswerRequest, options: RespondOptions = {}): Responder {
    const read = readOptions("respond", options, RESPOND_OPTIONS);
    const { concurrency, redelivery, transacted, onError, replyTo, ...consumeOptions } = read;
    checkFunction("respond() is given", answer);
    if (replyTo !== undefined) checkFunction("replyTo is", replyTo);
    const run = { concurrency, redelivery, transacted, onError };
    readRunOptions(run);
    return new Responder(this.consume(destination, consumeOptions), { answer, replyTo, run, connection: this });
  }

  /**
   * Runs `work` in a transaction of one session and resolves with its result when the broker has committed: what was
   * sent and accepted in it takes effect together, or not at all. Waits for a session first. If `work` throws, the
   * transaction is rolled back and the error passed on. Rejects with TRANSACTION_INTERRUPTED if the session ended
   * before the commit (it runs again up to `retries` times if it accepted no delivery), TRANSACTION_ROLLED_BACK if the
   * broker refused it, TRANSACTION_IN_DOUBT if the commit was not answered, TRANSACTION_TIMEOUT, ABORTED, or
   * CONNECTION_CLOSED.
   */
  transaction<T>(work: TransactedWork<T>, options: TransactionOptions = {}): Promise<T> {
    // While close() drains, handlers that are finishing may still commit.
    if (this.#closing !== undefined && this.#held.consumers.unsettled === 0)
      return Promise.reject(closedError(undefined));
    return this.#held.transactions.transact(work, options);
  }

  /** Adds endpoints that a broker named; they are tried after the user's own. */
  addAlternates(endpoints: readonly Endpoint[]): void {
    for (const endpoint of this.#transport.addAlternates(endpoints))
      this.emit("alternate", { endpoint: addressOf(endpoint), at: new Date() });
  }

  /** Emits the event `warning`. */
  warn(warning: ConnectionWarning): boolean {
    if (UNREAD.has(warning.code)) this.#held.consumers.tally.unread();
    return this.emit("warning", { ...warning, at: new Date() });
  }

  /** Figures of this moment, and totals since the connection was created. */
  stats(): ConnectionStats {
    const state = this.#transport.state;
    return {
      state: state.name,
      at: new Date(),
      connectedSince: state.name === "connected" ? state.since : undefined,
      ...this.#held.sends.stats,
      ...this.#held.consumers.stats,
      ...this.#recovery.totals,
      requests: this.#held.requests.waiting,
      transactions: this.#held.transactions.stats,
      destinations: this.#held.figures.stats,
    };
  }

  /**
   * Stops delivering, lets handlers settle and sends be confirmed for up to `drainTimeoutMs`, then leaves, which takes
   * up to 2 s more with a broker that does not answer. Works in any state; idempotent; never rejects. While it drains,
   * send() works as long as a delivery is unsettled. What is still pending then rejects: with CONNECTION_CLOSED, or
   * with SEND_IN_DOUBT if it was written.
   */
  close({ drainTimeoutMs = this.#parts.settings.drainTimeoutMs }: CloseOptions = {}): Promise<void> {
    this.#notice.forget();
    this.#closing ??= this.#recovery.drainAndLeave(drainTimeoutMs).then(async () => void (await this.closed));
    if (this.#held.work.isCaller)
      warnOfClosingWork(this.#closing, (warning) => this.warn(warning), drainTimeoutMs, this.#held);
    return this.#closing;
  }

  /** Shows state, endpoint, broker and the sends that are pending, and nothing else of what it holds. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { pendingSends, waitingSends } = this.#held.sends.stats;
    const facts = inspectedFacts(this.state, this.broker, pendingSends + waitingSends);
    return inspectedAs("Connection", facts, depth, options);
  }

  /** Same as close(), for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #send(destination: Destination, body: MessageBody, options: SendOptions, policy?: SendPolicy): Promise<SendResult> {
    try {
      if (options !== NO_OPTIONS) checkSendOptions(options);
      const { timeoutMs = this.#parts.settings.sendTimeoutMs, signal } = options;
      checkTimeout(timeoutMs);
      this.#refuseWhenDrained();
      if (signal?.aborted) throw new AbortError("The send was aborted before it began", signal.reason);
      return this.#held.sends.add(
        addressed(destination, options),
        createOutgoingMessage(body, options),
        { timeoutMs, signal, ...this.#notice.hint() },
        policy,
      );
    } catch (reason) {
      return Promise.reject(argumentError("send()", reason));
    }
  }

  /** While close() drains, handlers that are finishing may still send. */
  #refuseWhenDrained(): void {
    this.#refuseWhenClosed(this.#closing !== undefined && this.#held.consumers.unsettled === 0);
  }

  #refuseWhenClosed(closing: boolean): void {
    const { state } = this.#transport;
    if (!closing && state.name !== "closing" && state.name !== "closed") return;
    throw closedError(state.name === "closed" ? state.lastError : undefined);
  }
}
