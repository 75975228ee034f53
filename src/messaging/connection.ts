/** The lasting thing users hold: sends and consumers that live on while sessions come and go. */
import {
  AbortError,
  ConnectionClosedError,
  type EndpointAddress,
  InvalidArgumentError,
  type MasterSlaveError,
} from "../errors.ts";
import { IsolatedEmitter } from "../transport/isolated-emitter.ts";
import {
  MasterSlaveTransport,
  type TransportEvents,
  type TransportSettings,
} from "../transport/master-slave-transport.ts";
import type { OpenSession } from "../transport/session.ts";
import type { Endpoint } from "../uri/endpoint.ts";
import type { ConnectionWarning } from "./adapter-settings.ts";
import {
  type CloseOptions,
  type ConsumeOptions,
  checkConsumeOptions,
  checkSendOptions,
  checkSignal,
  type SendOptions,
} from "./call-options.ts";
import { type ConnectionStats, type ConnectionStatus, countEverything, describeState } from "./connection-stats.ts";
import { Consumer } from "./consumer.ts";
import { Consumers } from "./consumers.ts";
import { type Destination, parseDestination } from "./destination.ts";
import type { Broker, MessagingSession } from "./messaging-session.ts";
import { createOutgoingMessage, type MessageBody } from "./outgoing-message.ts";
import type { SendResult } from "./pending-send.ts";
import { PendingSends, type PendingSendsSettings } from "./pending-sends.ts";
import { clearSuspects } from "./poison-rule.ts";
import { Producer } from "./producer.ts";
import { startTimer } from "./timer.ts";

export interface ConnectionSettings extends PendingSendsSettings, TransportSettings {
  readonly connectTimeoutMs: number | undefined;
  /** For sends that name none; undefined waits for ever. */
  readonly sendTimeoutMs: number | undefined;
  /** How long close() waits for what is under way, ms. */
  readonly drainTimeoutMs: number;
  /** After so many sessions died with something in flight it is tried alone. */
  readonly poisonAfter: number;
}

export interface ConnectionParts {
  readonly endpoints: readonly Endpoint[];
  readonly open: OpenSession<MessagingSession>;
  readonly settings: ConnectionSettings;
  /** Waited for before the first attempt, so that loading an adapter does not eat its time. */
  readonly prepared?: Promise<unknown>;
}

/** Each is emitted exactly once per occurrence. Listen between createConnection and connect to hear the first. */
export interface ConnectionEvents {
  /** The first session ever. */
  established: [{ readonly endpoint: EndpointAddress }];
  /** The session ended; sends are held and another session is looked for. */
  interrupted: [{ readonly endpoint: EndpointAddress; readonly cause: MasterSlaveError; readonly atMs: number }];
  /** A session again. `resent`: sends written again because their outcome was unknown; `voided`: unsettled deliveries that come again. */
  restored: [
    { readonly endpoint: EndpointAddress; readonly outageMs: number; readonly resent: number; readonly voided: number },
  ];
  /** The connection is over without `close()`; `closed` follows. */
  failed: [MasterSlaveError];
  /** Nothing is left open. undefined after `close()`. */
  closed: [MasterSlaveError | undefined];
  attempt: TransportEvents<MessagingSession>["attempt"];
  /** Nothing has failed, but somebody should know. */
  warning: [ConnectionWarning];
}

const DEFAULT_PREFETCH = 100;
/** Times the size of a message it still is a number that both protocols and Java's integers can carry. */
const MAX_PREFETCH = 1_000_000;
/** A peer that does not answer the goodbye is left after so long. */
const LEAVE_TIMEOUT_MS = 2_000;

export class Connection extends IsolatedEmitter<ConnectionEvents> implements AsyncDisposable {
  /** Resolves when nothing is left open: with undefined after `close()`, with the error when the connection failed. */
  readonly closed: Promise<MasterSlaveError | undefined>;
  readonly #parts: ConnectionParts;
  readonly #transport: MasterSlaveTransport<MessagingSession>;
  readonly #sends: PendingSends;
  readonly #consumers = new Consumers();
  readonly #totals = { failovers: 0, voided: 0, outageMs: 0, lastOutageMs: undefined as number | undefined };
  #broker: Broker | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: ConnectionParts) {
    super();
    this.#parts = parts;
    this.#transport = new MasterSlaveTransport(parts);
    this.#sends = new PendingSends(parts.settings);
    this.closed = new Promise((resolve) => this.#transport.once("closed", resolve));
    this.#follow();
  }

  /** Where the connection is in its life, and `lastError` while it is not connected. */
  get state(): ConnectionStatus {
    return describeState(this.#transport.state);
  }

  /** The active endpoint; undefined while there is none. */
  get endpoint(): EndpointAddress | undefined {
    const { state } = this.#transport;
    return state.name === "connected" ? state.endpoint : undefined;
  }

  /** What the last handshake told of the broker; undefined before the first. */
  get broker(): Broker | undefined {
    return this.#broker;
  }

  /** Call it once. Resolves with this connection when the first session is established; see MasterSlaveTransport.connect for how it rejects. */
  async connect(options: { readonly signal?: AbortSignal | undefined } = {}): Promise<this> {
    checkSignal("connect", options);
    await this.#parts.prepared;
    await this.#transport.connect({ signal: options.signal, connectTimeoutMs: this.#parts.settings.connectTimeoutMs });
    return this;
  }

  /**
   * Resolves when the broker has confirmed the message, on whichever session. Held while there is no session, and while
   * maxPendingSends or maxPendingBytes is reached. A send without an outcome when its session ends is sent again, in
   * order, before anything newer (`inDoubt=fail`: rejects with SEND_IN_DOUBT). The body must not change until then.
   * Rejects with INVALID_ARGUMENT, MESSAGE_TOO_LARGE, SEND_REJECTED, SEND_NOT_STORED, SEND_EXPIRED, SEND_TIMEOUT,
   * POISON_SEND, ABORTED or CONNECTION_CLOSED (with why it failed as the cause).
   */
  send(destination: string, body: MessageBody, options: SendOptions = {}): Promise<SendResult> {
    try {
      return this.#send(parseDestination(destination), body, options);
    } catch (reason) {
      return Promise.reject(reason);
    }
  }

  /** Sending to one destination. @throws INVALID_ARGUMENT for a malformed one. */
  producer(destination: string): Producer {
    return new Producer(parseDestination(destination), (to, body, options) => this.#send(to, body, options));
  }

  /**
   * A consumer, which is asked for on this and every later session until it is closed. Synchronous: `ready` tells when
   * the broker has the subscription. @throws INVALID_ARGUMENT for bad options, CONNECTION_CLOSED after close.
   */
  consume(destination: string, options: ConsumeOptions = {}): Consumer {
    checkConsumeOptions(options);
    const { prefetch = DEFAULT_PREFETCH, selector, signal } = options;
    if (!(Number.isInteger(prefetch) && prefetch > 0 && prefetch <= MAX_PREFETCH))
      throw new InvalidArgumentError(`prefetch is a whole number from 1 to ${MAX_PREFETCH}, not ${prefetch}`);
    if (selector !== undefined && typeof selector !== "string")
      throw new InvalidArgumentError(`selector is a string, not ${typeof selector}`);
    const request = { destination: parseDestination(destination), prefetch, selector };
    this.#refuseWhenClosed(this.#closing !== undefined);
    const consumer = new Consumer(request, this.#consumers, signal);
    this.#consumers.add(consumer);
    return consumer;
  }

  /** Adds endpoints a broker told of; they are tried after the user's own. */
  addAlternates(endpoints: readonly Endpoint[]): void {
    this.#transport.addAlternates(endpoints);
  }

  /** Tells the listeners of `warning`. */
  warn(warning: ConnectionWarning): void {
    this.emit("warning", warning);
  }

  /** Figures of this moment and totals of this connection's life. */
  stats(): ConnectionStats {
    return { ...countEverything(this.#sends, this.#consumers), ...this.#totals, state: this.state.name };
  }

  /**
   * Stops intake, lets handlers settle and sends be confirmed for up to `drainTimeoutMs`, then leaves. From any state;
   * idempotent; never rejects. While it drains, send() works as long as a delivery is unsettled. What is still pending
   * then rejects: CONNECTION_CLOSED, or SEND_IN_DOUBT when it had been written.
   */
  close({ drainTimeoutMs = this.#parts.settings.drainTimeoutMs }: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#drainAndLeave(drainTimeoutMs);
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #send(destination: Destination, body: MessageBody, options: SendOptions): Promise<SendResult> {
    try {
      checkSendOptions(options);
      const { timeoutMs = this.#parts.settings.sendTimeoutMs, signal } = options;
      if (timeoutMs !== undefined && !(typeof timeoutMs === "number" && timeoutMs > 0))
        throw new InvalidArgumentError(`timeoutMs is a positive number, not ${timeoutMs}`);
      // While close() drains, work that is being finished may still send.
      this.#refuseWhenClosed(this.#closing !== undefined && this.#consumers.unsettled === 0);
      if (signal?.aborted) throw new AbortError("The send was aborted before it began", signal.reason);
      return this.#sends.add(destination, createOutgoingMessage(body, options), { timeoutMs, signal });
    } catch (reason) {
      return Promise.reject(reason);
    }
  }

  #refuseWhenClosed(closing: boolean): void {
    const { state } = this.#transport;
    if (!closing && state.name !== "closing" && state.name !== "closed") return;
    throw closedError(state.name === "closed" ? state.lastError : undefined);
  }

  #follow(): void {
    const transport = this.#transport;
    transport.on("attempt", (attempt) => this.emit("attempt", attempt));
    transport.on("established", ({ endpoint, session }) => {
      this.#resume(session, endpoint);
      this.emit("established", { endpoint });
    });
    transport.on("interrupted", (interruption) => {
      this.#sends.interrupt(interruption.cause);
      this.#totals.voided += this.#consumers.interrupt();
      this.emit("interrupted", interruption);
    });
    transport.on("restored", ({ endpoint, session, outageMs }) => {
      this.#restored(session, endpoint, outageMs);
    });
    transport.on("failed", (failure) => this.emit("failed", failure));
    transport.on("closed", (failure) => {
      this.#sends.abandon(closedError(failure));
      this.#consumers.end(failure);
      this.emit("closed", failure);
    });
  }

  #restored(session: MessagingSession, endpoint: EndpointAddress, outageMs: number): void {
    const totals = this.#totals;
    const resent = this.#sends.inDoubtCount;
    const voided = this.#consumers.takeVoided();
    totals.failovers += 1;
    totals.outageMs += outageMs;
    totals.lastOutageMs = outageMs;
    this.#resume(session, endpoint);
    this.emit("restored", { endpoint, outageMs, resent, voided });
  }

  /** Restores everything in one turn; what may be what kills sessions goes first, each alone. */
  #resume(session: MessagingSession, endpoint: EndpointAddress): void {
    this.#broker = session.broker;
    this.#sends.reached(endpoint);
    const { poisonAfter } = this.#parts.settings;
    const suspects = [...this.#consumers.suspects(poisonAfter), ...this.#sends.suspects(poisonAfter)];
    const flow = () => {
      const { state } = this.#transport;
      // The last suspect may have been cleared in the turn in which the session ended.
      if (state.name !== "connected" || state.session !== session) return;
      this.#consumers.resume(session);
      this.#sends.resume(session);
    };
    if (suspects.length === 0) flow();
    else void clearSuspects(session, suspects).then((alive) => alive && flow());
  }

  async #drainAndLeave(drainTimeoutMs: number): Promise<void> {
    const { name } = this.#transport.state;
    this.#consumers.stopIntake();
    if (name === "connected" || name === "interrupted") {
      await within(drainTimeoutMs, async (signal) => {
        // In this order: whoever holds a delivery may send until it is settled.
        await this.#consumers.settled(signal);
        await this.#sends.empty(signal);
      });
    }
    await within(LEAVE_TIMEOUT_MS, (signal) => this.#consumers.close(signal));
    await within(LEAVE_TIMEOUT_MS, (signal) => this.#transport.close(signal));
    await this.closed;
  }
}

/** Why nothing goes any more; `failure` is what ended the connection, if it was not `close()`. */
function closedError(failure: MasterSlaveError | undefined): ConnectionClosedError {
  const why = failure ? `The connection failed: ${failure.message}` : "The connection is closed";
  return new ConnectionClosedError(`${why}. Make a new one`, { cause: failure });
}

/** Runs something under a deadline that keeps no timer behind. */
async function within(timeoutMs: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const controller = new AbortController();
  const stopTimer = startTimer(timeoutMs, () =>
    controller.abort(new ConnectionClosedError(`Not done within ${timeoutMs} ms`)),
  );
  try {
    await work(controller.signal);
  } finally {
    stopTimer();
  }
}
