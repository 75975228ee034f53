/** A messaging session over one STOMP connection: takes the frames stompit reads to those they are for. */
import type { Client, IncomingFrame } from "stompit";
import { ConnectionClosedError, formatAddress, MasterSlaveError, SessionLostError } from "../../errors.ts";
import type {
  Broker,
  MessagingSession,
  NamedSubscription,
  OutgoingSend,
  SessionSubscription,
  SessionTransaction,
  SubscriptionRequest,
  SubscriptionSink,
} from "../../messaging/messaging-session.ts";
import { printableLine } from "../../printable.ts";
import type { EndpointSocket } from "../../transport/endpoint-socket.ts";
import type { SessionEnd } from "../../transport/session.ts";
import {
  type BrokerRefusal,
  MAX_ERROR_BYTES,
  readRefusal,
  refusedSession,
  saysOfAck,
  saysOfSession,
  saysTooLarge,
  sessionLoss,
} from "./failures.ts";
import { readBody } from "./frame-body.ts";
import { GroupCommit } from "./group-commit.ts";
import { headerText } from "./message.ts";
import { deleteSubscription } from "./named-subscriptions.ts";
import { writeSend } from "./sends.ts";
import { StompSubscription } from "./subscription.ts";
import { SubscriptionIds } from "./subscription-ids.ts";
import { StompTransaction } from "./transaction.ts";
import { type Peer, type ReceiptWaiter, Wire } from "./wire.ts";

/** A larger body ends the session: it would have to be held in memory whole. */
const MAX_BODY_BYTES = 256 * 1024 * 1024;

export class StompSession implements MessagingSession {
  readonly ended: Promise<SessionEnd>;
  readonly #socket: EndpointSocket;
  readonly #client: Client;
  readonly #wire: Wire;
  /** undefined: every send is written at once, by itself. */
  readonly #groups: GroupCommit | undefined;
  readonly #subscriptions = new SubscriptionIds();
  #resolveEnded: ((end: SessionEnd) => void) | undefined;
  #useful = false;
  #transactions = 0;

  /** Call it in the turn in which CONNECTED was read: the frames behind it are read in the next. */
  constructor(peer: Peer, client: Client, socket: EndpointSocket) {
    this.#socket = socket;
    this.#client = client;
    this.#wire = new Wire(peer, client, (mistake) => this.destroy(MasterSlaveError.from(mistake, peer.endpoint)));
    const grouped = peer.dialect.groupCommit && peer.grouping.enabled;
    const sending = { markUseful: this.#markUseful, destroy: (cause: MasterSlaveError) => this.destroy(cause) };
    this.#groups = grouped ? new GroupCommit(this.#wire, sending) : undefined;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    client.on("error", (error: Error) => this.destroy(sessionLoss(socket, error, peer.conceal)));
    client.on("end", () => this.destroy(this.#closedByUs()));
    socket.on("close", () => this.destroy(sessionLoss(socket, new Error("the socket was closed"))));
    this.#receive("RECEIPT", (frame) => this.#onReceipt(frame));
    this.#receive("MESSAGE", (frame) => this.#onMessage(frame));
    this.#receive("ERROR", (frame) => this.#onError(frame));
  }

  get broker(): Broker {
    return this.#wire.peer.broker;
  }

  get useful(): boolean {
    return this.#useful;
  }

  send(send: OutgoingSend): void {
    this.#wire.guard(() => {
      if (this.#groups) this.#groups.send(send);
      else writeSend(this.#wire, send, { onConfirmed: this.#markUseful });
    });
  }

  begin(): SessionTransaction {
    return new StompTransaction(this.#wire, `tx${++this.#transactions}`, this.#markUseful, this.#groups);
  }

  unsubscribe(subscription: NamedSubscription): Promise<void> {
    return deleteSubscription(this.#wire, subscription);
  }

  subscribe(request: SubscriptionRequest, sink: SubscriptionSink): SessionSubscription {
    return new StompSubscription(this.#wire, this.#subscriptions, request, sink);
  }

  close(signal: AbortSignal): Promise<void> {
    const over = () => this.destroy(this.#closedByUs());
    if (signal.aborted) over();
    else {
      signal.addEventListener("abort", over, { once: true });
      this.#groups?.flush();
      this.#wire.request("DISCONNECT", {}, { onReceipt: over, onRefused: over });
      this.#wire.close();
    }
    return this.ended.then(() => signal.removeEventListener("abort", over));
  }

  destroy(cause: MasterSlaveError): void {
    const resolve = this.#resolveEnded;
    if (resolve === undefined) return;
    this.#resolveEnded = undefined;
    resolve({ error: cause, atMs: performance.now() });
    // Takes the socket and stompit's timers with it.
    this.#client.destroy();
    for (const subscription of this.#subscriptions.all()) subscription.end();
    this.#wire.abandon(cause);
    this.#groups?.end();
  }

  #closedByUs(): MasterSlaveError {
    const { endpoint } = this.#socket;
    return new ConnectionClosedError(`The session with ${formatAddress(endpoint)} was closed`, { endpoint });
  }

  readonly #markUseful = (): void => {
    this.#useful = true;
  };

  /** stompit still hands over what it had read when the client is long destroyed. */
  #receive(command: string, take: (frame: IncomingFrame) => void): void {
    this.#client.setCommandHandler(command, (frame) => {
      if (this.#resolveEnded) this.#wire.guard(() => take(frame));
    });
  }

  /** Takes the body, then acts, unless the session ended meanwhile. */
  #withBody(frame: IncomingFrame, maxBytes: number, act: (body: Buffer, complete: boolean) => void): void {
    readBody(frame, maxBytes, (body, complete) => {
      if (this.#resolveEnded) this.#wire.guard(() => act(body, complete));
    });
  }

  #onReceipt(frame: IncomingFrame): void {
    this.#withBody(frame, 0, () => {
      const receipt = headerText(frame.headers, "receipt-id");
      const waiter = this.#wire.take(receipt);
      if (waiter) waiter.onReceipt();
      // What is said twice is no harm.
      else if (!this.#wire.wasAsked(receipt))
        this.#protocolError(`a receipt nobody asked for, ${this.#quote(receipt)}`);
    });
  }

  #onMessage(frame: IncomingFrame): void {
    const id = headerText(frame.headers, "subscription");
    if (!this.#subscriptions.wasIssued(id)) {
      this.#protocolError(`a message for a subscription nobody made, ${this.#quote(id)}`);
      return;
    }
    this.#withBody(frame, MAX_BODY_BYTES, (body, complete) => {
      if (!complete) {
        this.#protocolError(`a message of more than ${MAX_BODY_BYTES} bytes`);
        return;
      }
      const subscription = this.#subscriptions.find(id);
      if (!subscription || !this.#wire.open) return;
      if (subscription.overrun) {
        this.#protocolError("far more messages than the prefetch of a subscription allows");
        return;
      }
      this.#markUseful();
      subscription.receive(frame.headers, body);
    });
  }

  #onError(frame: IncomingFrame): void {
    this.#withBody(frame, MAX_ERROR_BYTES, (body, complete) => {
      const { endpoint, conceal, dialect } = this.#wire.peer;
      const refusal = readRefusal(frame.headers, body, conceal);
      const named = refusal.receiptId !== undefined;
      const waiter = named ? this.#wire.take(refusal.receiptId) : this.#findUnnamed(refusal);
      waiter?.onRefused(refusal);
      // One without end would be read for ever.
      const mayGoOn = named || (waiter?.unnamed && complete);
      if (waiter && mayGoOn && !dialect.errorEndsSession) return;
      this.destroy(refusedSession(endpoint, refusal, waiter !== undefined));
    });
  }

  /** Whom an ERROR without a receipt means, where that can be known. */
  #findUnnamed({ text }: BrokerRefusal): ReceiptWaiter | undefined {
    // Classic closes over the size of a frame; whoever has the largest is too large in any case.
    if (saysTooLarge(text)) return this.#wire.takeLargest();
    const unnamed = saysOfAck(text) ? undefined : (this.#wire.takeUnnamed() ?? this.#groups?.lateError());
    if (unnamed) return unnamed;
    const aboutSession = !this.#wire.peer.dialect.unnamedSubscribeErrors || saysOfSession(text);
    return aboutSession ? undefined : this.#wire.takeOnlySubscribe();
  }

  #quote(text = ""): string {
    return printableLine(JSON.stringify(this.#wire.peer.conceal(text)));
  }

  #protocolError(what: string): void {
    const { endpoint } = this.#socket;
    const text = `${formatAddress(endpoint)} sent ${what.slice(0, 200)}`;
    this.destroy(new SessionLostError("PROTOCOL_ERROR", text, { endpoint }));
  }
}
