import { ConnectionClosedError, formatAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { AdapterSettings } from "../../messaging/port/adapter-settings.ts";
import type {
  Broker,
  MessagingSession,
  NamedSubscription,
  OutgoingSend,
  SessionSubscription,
  SessionTransaction,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../messaging/port/messaging-session.ts";
import type { SessionEnd } from "../../transport/dial/session.ts";
import type { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import { OPTIONS } from "../../uri/options/option-table.ts";
import { mustAcknowledgeAtOnce } from "../shared/must-acknowledge-at-once.ts";
import { spellingOf } from "./messages/destination.ts";
import { brokerOf } from "./opening/broker.ts";
import { sessionLoss } from "./opening/failures.ts";
import { type OpenConnection, tellAlternates } from "./opening/handshake.ts";
import type { SessionDeps } from "./opening/session-deps.ts";
import { AmqpSubscription } from "./receiving/subscription.ts";
import { Unsubscriptions } from "./receiving/unsubscribe.ts";
import type { ConnectionEnding } from "./sasl/connection-ending.ts";
import { Sends } from "./sending/sends.ts";
import { Transactions } from "./transactions/transactions.ts";

/**
 * The broker sends heart-beats at half of the interval that we announce, at the latest; after 2.1 of them without a
 * byte it is dead.
 */
const SILENCE_FACTOR = 2.1;
/** The smallest frame, used as a heart-beat (2.4.5). */
const EMPTY_FRAME = Buffer.from([0, 0, 0, 8, 2, 0, 0, 0]);
/** How long the answer to the broker's close frame may take to be written. */
const CLOSE_ANSWER_MS = 1000;

export class AmqpSession implements MessagingSession {
  readonly broker: Broker;
  readonly ended: Promise<SessionEnd>;
  readonly #socket: EndpointSocket;
  readonly #context: SessionDeps;
  readonly #sends: Sends;
  readonly #transactions: Transactions;
  readonly #unsubscriptions: Unsubscriptions;
  readonly #subscriptions = new Set<AmqpSubscription>();
  readonly #resolveEnded: (end: SessionEnd) => void;
  #state: { readonly name: "open" | "closing" | "over" } = { name: "open" };
  #useful = false;

  /** `opened` is the result of the handshake on `socket`. */
  constructor(socket: EndpointSocket, opened: OpenConnection, settings: AdapterSettings) {
    const { connection, properties, redact } = opened;
    this.#socket = socket;
    this.broker = brokerOf(properties, redact);
    let resolveEnded: (end: SessionEnd) => void = () => {};
    this.ended = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    this.#resolveEnded = resolveEnded;
    this.#context = {
      connection,
      endpoint: socket.endpoint,
      broker: this.broker,
      spelling: spellingOf(this.broker, properties),
      offers: opened.offers,
      clientId: settings.clientId,
      maxMessageBytes: settings.maxMessageBytes ?? OPTIONS.maxMessageBytes.default,
      warn: settings.onWarning,
      redact,
      gather: (bytes) => socket.gather(bytes),
      isOver: () => this.#state.name !== "open" || socket.destroyed,
      proveUseful: () => {
        this.#useful = true;
      },
      guard: (work) => this.#guard(work),
    };
    this.#sends = new Sends(this.#context);
    this.#transactions = new Transactions(this.#context, this.#sends);
    this.#unsubscriptions = new Unsubscriptions(this.#context);
    opened.onEnding((ending) => {
      const mistake = tellAlternates(connection, socket.endpoint, settings);
      this.#lose(ending, mistake);
    });
    if (mustAcknowledgeAtOnce(this.broker)) {
      const hasten = this.#guard(() => this.#hasten());
      socket.on("data", hasten);
    }
    if (settings.heartbeatMs > 0) socket.watchPeer(SILENCE_FACTOR * settings.heartbeatMs);
  }

  get useful(): boolean {
    return this.#useful;
  }

  send(send: OutgoingSend): void {
    if (this.#context.isOver()) return;
    this.#guard(() => this.#sends.send(send))();
  }

  begin(): SessionTransaction {
    return this.#transactions.begin();
  }

  unsubscribe(subscription: NamedSubscription): Promise<void> {
    return this.#unsubscriptions.unsubscribe(subscription);
  }

  subscribe(request: SubscriptionRequest, sink: SubscriptionSink): SessionSubscription {
    const subscription = new AmqpSubscription(this.#context, request, sink, () => {
      this.#subscriptions.delete(subscription);
    });
    if (this.#context.isOver()) {
      subscription.end();
      return subscription;
    }
    this.#subscriptions.add(subscription);
    this.#guard(() => subscription.attach())();
    return subscription;
  }

  /** Confirmations that arrive before the broker's close still count; nothing more is written except our own close. */
  async close(signal: AbortSignal): Promise<void> {
    const destroy = () => this.destroy(this.#closed());
    if (this.#state.name === "open") {
      this.#state = { name: "closing" };
      this.#endSubscriptions();
      this.#guard(() => this.#context.connection.close())();
    }
    if (signal.aborted) destroy();
    signal.addEventListener("abort", destroy, { once: true });
    await this.ended;
    signal.removeEventListener("abort", destroy);
  }

  destroy(cause: MasterSlaveError): void {
    this.#finish(cause);
    this.#socket.destroy(cause);
  }

  #lose(ending: ConnectionEnding, mistake: MasterSlaveError | undefined): void {
    if (this.#state.name === "closing") {
      this.destroy(this.#closed());
      return;
    }
    const cause = mistake ?? sessionLoss(this.#socket.endpoint, ending);
    this.#finish(cause);
    if (ending.kind === "close") this.#destroyAfterAnswer(cause);
    else this.#socket.destroy(cause);
  }

  /** rhea answers the broker's close within the next ticks and ends the socket. */
  #destroyAfterAnswer(cause: MasterSlaveError): void {
    const limit = setTimeout(() => this.#socket.destroy(cause), CLOSE_ANSWER_MS);
    this.#socket.once("close", () => clearTimeout(limit));
    this.#socket.once("finish", () => this.#socket.destroy(cause));
  }

  #finish(error: MasterSlaveError): void {
    if (this.#state.name === "over") return;
    this.#state = { name: "over" };
    this.#sends.end();
    this.#transactions.end(error);
    this.#unsubscriptions.end(error);
    this.#endSubscriptions();
    this.#resolveEnded({ error, atMs: performance.now() });
  }

  /** Makes sure that this turn writes something, to acknowledge what has come. */
  #hasten(): void {
    if (this.#state.name === "open" && this.#subscriptions.size > 0) this.#socket.acknowledge(EMPTY_FRAME);
  }

  #endSubscriptions(): void {
    for (const subscription of this.#subscriptions) subscription.end();
    this.#subscriptions.clear();
  }

  #closed(): MasterSlaveError {
    const { endpoint } = this.#socket;
    return new ConnectionClosedError(`The session on ${formatAddress(endpoint)} was closed`, { endpoint });
  }

  #guard<Args extends unknown[]>(work: (...args: Args) => void): (...args: Args) => void {
    return (...args) => {
      try {
        work(...args);
      } catch (error) {
        this.destroy(MasterSlaveError.from(error, this.#socket.endpoint));
      }
    };
  }
}
