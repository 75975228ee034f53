/**
 * An implementation of the port MessagingSession without a protocol: its sessions record every call and do what the
 * test says.
 */
import {
  AttemptError,
  addressOf,
  ConnectionClosedError,
  type MasterSlaveError,
  SendRejectedError,
  SessionLostError,
  SubscriptionRefusedError,
  UnsupportedError,
} from "../../src/errors/errors.ts";
import { formatDestination } from "../../src/messaging/messages/destination.ts";
import { type ReceivedContent, ReceivedMessage } from "../../src/messaging/messages/received-message.ts";
import type {
  Broker,
  CommitOutcome,
  IncomingDelivery,
  MessagingSession,
  NamedSubscription,
  OutgoingSend,
  SessionSubscription,
  SessionTransaction,
  Settlement,
  SettlementTerms,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../src/messaging/port/messaging-session.ts";
import type { OpenContext, SessionEnd } from "../../src/transport/dial/session.ts";
import type { Endpoint } from "../../src/uri/endpoint.ts";

/** What a session does by itself. */
export interface ToyHabits {
  /** Whether written sends are confirmed, in a later microtask; true by default. */
  readonly confirms?: boolean;
  /** Whether subscriptions are reported as ready, in a later microtask; true by default. */
  readonly grants?: boolean;
  /** How many sends may be written; the others wait for `credit()`. */
  readonly credit?: number;
  /** Ends the session at a certain send or subscription, as brokers do at a bad frame. */
  readonly diesOf?: (what: string) => boolean;
  /**
   * Throws from the call itself, as a bug of ours would. It is given `send BODY`, `subscribe DESTINATION`, `begin` or
   * `broker`.
   */
  readonly breaksAt?: (what: string) => void;
  /** Whether close() is answered; true by default. A silent session leaves only when the signal fires. */
  readonly leaves?: boolean;
  readonly broker?: Broker;
  /** The outcome of a commit; committed by default. `silence`: no answer before the session ends. */
  readonly commits?: "committed" | "rolled-back" | "silence";
  /** False: an unsubscription is answered only by the session's end. */
  readonly answersUnsubscribe?: boolean;
}

export class ToyMessagingSession implements MessagingSession {
  readonly ended: Promise<SessionEnd>;
  useful = false;
  /** Everything done to this session, in order: `send BODY`, `subscribe queue://NAME`, `settle BODY accepted` ... */
  readonly log: string[] = [];
  readonly endpoint: Endpoint;
  readonly subscriptions: ToySubscription[] = [];
  readonly transactions: ToyTransaction[] = [];
  readonly habits: ToyHabits;
  /** Sends that are written and not answered, by body. */
  readonly unanswered = new Map<string, OutgoingSend>();
  /** Every send that was written, in order. */
  readonly sends: OutgoingSend[] = [];
  #waiting: OutgoingSend[] = [];
  #credit: number;
  #end: ((end: SessionEnd) => void) | undefined;

  constructor(endpoint: Endpoint, habits: ToyHabits) {
    this.endpoint = endpoint;
    this.habits = habits;
    this.#credit = habits.credit ?? Number.POSITIVE_INFINITY;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get over(): boolean {
    return this.#end === undefined;
  }

  get broker(): Broker {
    this.habits.breaksAt?.("broker");
    return this.habits.broker ?? { product: "toy", version: "1" };
  }

  send(send: OutgoingSend): void {
    if (this.over) return;
    this.habits.breaksAt?.(`send ${send.message.body}`);
    this.#waiting.push(send);
    this.#write();
  }

  begin(): ToyTransaction {
    this.habits.breaksAt?.("begin");
    this.log.push("begin");
    const transaction = new ToyTransaction(this);
    this.transactions.push(transaction);
    return transaction;
  }

  async unsubscribe({ name }: NamedSubscription): Promise<void> {
    this.log.push(`delete ${name}`);
    if (this.habits.answersUnsubscribe === false) throw (await this.ended).error;
  }

  subscribe(request: SubscriptionRequest, sink: SubscriptionSink): ToySubscription {
    const subscription = new ToySubscription(this, request, sink);
    if (this.over) return subscription;
    const name = formatDestination(request.destination);
    this.habits.breaksAt?.(`subscribe ${name}`);
    this.log.push(`subscribe ${name}`);
    this.subscriptions.push(subscription);
    if (this.habits.diesOf?.(name)) queueMicrotask(() => this.die());
    else if (this.habits.grants ?? true) queueMicrotask(() => subscription.grant());
    return subscription;
  }

  async close(signal: AbortSignal): Promise<void> {
    this.log.push("close");
    const leave = () => this.destroy(new ConnectionClosedError("The toy session was closed"));
    if (this.habits.leaves ?? true) queueMicrotask(leave);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    await this.ended;
    signal.removeEventListener("abort", leave);
  }

  destroy(cause: MasterSlaveError): void {
    this.#end?.({ error: cause, atMs: performance.now() });
    this.#end = undefined;
    this.#waiting = [];
    this.unanswered.clear();
  }

  /** Ends the session as if the broker had been killed. */
  die(cause?: MasterSlaveError): void {
    this.destroy(
      cause ?? new SessionLostError("SESSION_LOST", "The toy session died", { endpoint: addressOf(this.endpoint) }),
    );
  }

  credit(more: number): void {
    this.#credit += more;
    this.#write();
  }

  /** The bodies of the written sends, in order. */
  get sent(): string[] {
    return this.log.filter((line) => line.startsWith("send ")).map((line) => line.slice(5));
  }

  /** The reply addresses of the written sends, by body. */
  get replyTo(): ReadonlyMap<string, string> {
    return new Map(
      this.sends.map(({ message: { body, replyTo } }) => [
        body.toString(),
        replyTo === undefined ? "none" : formatDestination(replyTo),
      ]),
    );
  }

  confirm(body: string): void {
    this.#answer(body).onOutcome({ kind: "confirmed" });
  }

  /** Confirms every written send. */
  confirmAll(): void {
    for (const body of [...this.unanswered.keys()]) this.confirm(body);
  }

  refuse(body: string, error?: MasterSlaveError): void {
    const send = this.#answer(body);
    const refusal = error ?? new SendRejectedError("The toy refused it", { id: send.message.id });
    send.onOutcome({ kind: "failed", error: refusal });
  }

  /** The subscription to a destination. */
  to(destination: string): ToySubscription {
    const found = this.subscriptions.findLast(({ request }) => formatDestination(request.destination) === destination);
    if (!found) throw new Error(`Nobody subscribed to ${destination}`);
    return found;
  }

  #answer(body: string): OutgoingSend {
    const send = this.unanswered.get(body);
    if (!send) throw new Error(`The toy has no unanswered send ${body}`);
    this.unanswered.delete(body);
    this.useful = true;
    return send;
  }

  #write(): void {
    while (this.#credit > 0 && !this.over) {
      const send = this.#waiting.shift();
      if (send === undefined) return;
      if (!send.abandoned) this.#writeOne(send);
    }
  }

  #writeOne(send: OutgoingSend): void {
    const body = send.message.body.toString();
    this.#credit -= 1;
    this.log.push(`send ${body}`);
    this.sends.push(send);
    this.unanswered.set(body, send);
    send.onWritten();
    if (this.habits.diesOf?.(body)) queueMicrotask(() => this.die());
    else if (this.habits.confirms ?? true) {
      queueMicrotask(() => {
        if (this.unanswered.get(body) === send) this.confirm(body);
      });
    }
  }
}

/** A transaction that accepts and records everything, and ends as the session's habits say. */
export class ToyTransaction implements SessionTransaction {
  readonly #session: ToyMessagingSession;
  /** The bodies that the broker refuses. */
  readonly refuses = new Set<string>();

  constructor(session: ToyMessagingSession) {
    this.#session = session;
  }

  send(send: OutgoingSend): void {
    if (this.#session.over) return;
    const body = send.message.body.toString();
    this.#session.log.push(`tx send ${body}`);
    send.onWritten();
    const error = new SendRejectedError("The toy refused it", { id: send.message.id });
    const refused = this.refuses.has(body);
    queueMicrotask(() => {
      if (!this.#session.over) send.onOutcome(refused ? { kind: "failed", error } : { kind: "confirmed" });
    });
  }

  async commit(): Promise<CommitOutcome> {
    const { habits, log, ended } = this.#session;
    log.push("commit");
    const { commits = "committed" } = habits;
    const error = new SessionLostError("PROTOCOL_ERROR", "The toy refused the commit");
    if (commits === "silence") return { kind: "in-doubt", error: (await ended).error };
    return commits === "committed" ? { kind: "committed" } : { kind: "rolled-back", error };
  }

  async rollback(): Promise<void> {
    if (!this.#session.over) this.#session.log.push("rollback");
  }
}

export interface ToyDelivery {
  /** The value null means that there is none. */
  readonly id?: string | null;
  readonly redelivered?: boolean;
  readonly more?: Partial<ReceivedContent>;
  readonly unsettleable?: UnsupportedError;
}

export class ToySubscription implements SessionSubscription {
  readonly request: SubscriptionRequest;
  readonly #session: ToyMessagingSession;
  readonly #sink: SubscriptionSink;
  readonly #unsettled = new Map<IncomingDelivery, string>();
  /** The kinds of settlement this broker cannot do. */
  unsupported: readonly Settlement["kind"][] = [];
  closed = false;
  /** Answers the settlement that waits for an answer. */
  confirmSettlement = () => {};

  constructor(session: ToyMessagingSession, request: SubscriptionRequest, sink: SubscriptionSink) {
    this.#session = session;
    this.request = request;
    this.#sink = sink;
  }

  grant(): void {
    const { destination } = this.request;
    const address = { ...destination, name: `${destination.name}@${this.#session.endpoint.host}` };
    if (this.#session.over || this.closed) return;
    this.#sink.onReady(destination.kind === "temp-queue" ? address : undefined);
  }

  deliver(body: string, { id = `id-${body}`, redelivered = false, more = {}, unsettleable }: ToyDelivery = {}): void {
    if (this.#session.over || this.closed) return;
    const delivery = {
      message: toyMessage(body, id ?? undefined, more),
      redelivered,
      deliveryCount: undefined,
      unsettleable,
    };
    this.#unsettled.set(delivery, body);
    this.#session.useful = true;
    this.#sink.onDelivery(delivery);
  }

  refuse(text = "The toy refused the subscription", retryable = false): SubscriptionRefusedError {
    const error = new SubscriptionRefusedError(text, { retryable, endpoint: this.#session.endpoint });
    this.closed = true;
    this.#unsettled.clear();
    this.#sink.onRefused(error);
    return error;
  }

  /** Gives all deliveries back, as over STOMP when one of them is released. */
  giveBack(): void {
    this.#unsettled.clear();
    this.#sink.onGivenBack();
  }

  /** Tells a browser that it has been shown every message. */
  showAll(): void {
    this.#sink.onBrowsed();
  }

  /**
   * Announces that one delivery, and all others with it, are about to be given back. Resolves when the others are
   * settled.
   */
  release(): Promise<void> {
    return new Promise((resolve) => this.#sink.onReleasing(resolve));
  }

  settle(
    delivery: IncomingDelivery,
    settlement: Settlement,
    terms: SettlementTerms = {},
  ): "settled" | "stale" | Promise<"settled" | "stale"> {
    const body = this.#unsettled.get(delivery);
    if (body === undefined || this.#session.over || this.closed) return "stale";
    if (this.unsupported.includes(settlement.kind)) throw new UnsupportedError(`The toy cannot do ${settlement.kind}`);
    this.#unsettled.delete(delivery);
    const reason = settlement.kind === "rejected" ? ` ${settlement.reason}` : "";
    const { confirmed, transaction } = terms;
    this.#session.log.push(
      `${transaction ? "tx " : ""}settle ${body} ${settlement.kind}${reason}${confirmed ? " confirmed" : ""}`,
    );
    if (!confirmed) return "settled";
    return new Promise((resolve) => {
      this.confirmSettlement = () => resolve("settled");
      void this.#session.ended.then(() => resolve("stale"));
    });
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.#session.log.push(`unsubscribe ${formatDestination(this.request.destination)}`);
    this.#unsettled.clear();
    if (this.#session.habits.leaves === false) await this.#session.ended;
  }
}

export function toyMessage(body: string, id: string | undefined, more: Partial<ReceivedContent> = {}): ReceivedMessage {
  return new ReceivedMessage({
    body: Buffer.from(body),
    kind: "text",
    id,
    brokerMessageId: id,
    properties: {},
    destination: undefined,
    contentType: undefined,
    correlationId: undefined,
    replyTo: undefined,
    type: undefined,
    groupId: undefined,
    groupSequence: undefined,
    sentAtMs: undefined,
    priority: undefined,
    expiresAtMs: undefined,
    persistent: true,
    ...more,
  });
}

/** The brokers behind the endpoints: they open sessions while they are up, with the habits set at that moment. */
export class ToyBroker {
  /** The habits of future sessions; a function is given the session's number, from 1. */
  habits: ToyHabits | ((session: number) => ToyHabits);
  /** While it is down, every attempt is refused. */
  up = true;
  /** The error with which attempts are refused instead. */
  refusal: ((endpoint: Endpoint) => AttemptError) | undefined;
  readonly sessions: ToyMessagingSession[] = [];
  #onSession: (() => void)[] = [];

  constructor(habits: ToyBroker["habits"] = {}) {
    this.habits = habits;
  }

  readonly open = async (endpoint: Endpoint, { turn }: OpenContext): Promise<MessagingSession> => {
    await turn();
    if (this.refusal) throw this.refusal(endpoint);
    if (!this.up) throw new AttemptError("ENDPOINT_REFUSED", "The toy broker is down", { endpoint });
    const { habits } = this;
    const own = typeof habits === "function" ? habits(this.sessions.length + 1) : habits;
    const session = new ToyMessagingSession(endpoint, own);
    this.sessions.push(session);
    for (const wake of this.#onSession.splice(0)) wake();
    return session;
  };

  /** The newest session. */
  get session(): ToyMessagingSession {
    const session = this.sessions.at(-1);
    if (!session) throw new Error("No session was opened yet");
    return session;
  }

  /** Resolves with the session of this number, from 1, once the connection has taken it. */
  async opened(count: number): Promise<ToyMessagingSession> {
    while (this.sessions.length < count) await new Promise<void>((resolve) => this.#onSession.push(resolve));
    await turns();
    return this.sessions[count - 1] as ToyMessagingSession;
  }
}

/** Waits for everything that needs neither timers nor the network. */
export async function turns(count = 2): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}
