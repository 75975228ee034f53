/** A messaging session over one STOMP connection: passes each received frame to the part that it is for. */
import { ConnectionClosedError, formatAddress, MasterSlaveError, SessionLostError } from "../../errors/errors.ts";
import { printableLine } from "../../errors/printable.ts";
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
import { mustAcknowledgeAtOnce } from "../shared/must-acknowledge-at-once.ts";
import { type BrokenFrame, FrameReader } from "./frames/frame-reader.ts";
import { FrameWatch } from "./frames/frame-watch.ts";
import type { HeaderBlock } from "./frames/header-block.ts";
import { refusedSession, sessionLoss } from "./opening/failures.ts";
import type { Opened } from "./opening/handshake.ts";
import { peerText } from "./opening/peer-text.ts";
import {
  type BrokerRefusal,
  MAX_ERROR_BYTES,
  readRefusal,
  saysOfAck,
  saysOfSession,
  saysOfSubscribe,
  saysTooLarge,
} from "./opening/refusal.ts";
import { StompSubscription } from "./receiving/subscription.ts";
import { SubscriptionIds } from "./receiving/subscription-ids.ts";
import { unsubscribe } from "./receiving/unsubscribe.ts";
import { GroupCommit } from "./sending/group-commit.ts";
import type { ReceiptWaiter } from "./sending/receipt-waiters.ts";
import { SingleSends } from "./sending/sends.ts";
import { StorageBarrier } from "./sending/storage-barrier.ts";
import { TransactedSends } from "./sending/transacted-sends.ts";
import { type SessionSends, Wire } from "./sending/wire.ts";
import { StompTransaction } from "./transactions/transaction.ts";

export class StompSession implements MessagingSession {
  readonly ended: Promise<SessionEnd>;
  readonly #socket: EndpointSocket;
  readonly #wire: Wire;
  readonly #reader: FrameReader;
  readonly #watch: FrameWatch;
  readonly #barrier: StorageBarrier;
  readonly #sends: SessionSends;
  readonly #subscriptions = new SubscriptionIds<StompSubscription>();
  #resolveEnded: ((end: SessionEnd) => void) | undefined;
  #useful = false;
  #transactions = 0;

  /** The handshake is done. This session reads the socket from the next turn on. */
  constructor({ peer, socket, writer }: Opened) {
    this.#socket = socket;
    this.#wire = new Wire(peer, writer, {
      onMistake: (mistake) => this.destroy(MasterSlaveError.from(mistake, peer.endpoint)),
      isMidFrame: () => this.#reader.isMidFrame,
    });
    this.#reader = new FrameReader(peer.version, {
      onHead: (command, headers) => this.#onHead(command, headers),
      onFrame: (command, headers, body, complete) => this.#onFrame(command, headers, body, complete),
      onDropped: (command, headers, bytes) => this.#onDropped(command, headers, bytes),
      onBroken: (how, frame) => this.#brokeRules(how, frame),
    });
    this.#watch = new FrameWatch(() => this.#wire.guard(() => this.#onStuck()));
    this.#barrier = new StorageBarrier(this.#wire);
    this.#sends = this.#makeSends();
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    socket.on("error", (error) => this.destroy(sessionLoss(socket, error, peer.redact)));
    socket.on("close", () => this.destroy(sessionLoss(socket, new Error("the socket was closed"))));
    setImmediate(() => this.#read());
  }

  #read(): void {
    const socket = this.#socket;
    if (this.#resolveEnded === undefined) return;
    const hastens = mustAcknowledgeAtOnce(this.broker);
    const take = (chunk: Buffer) => {
      this.#reader.read(chunk);
      this.#watch.read(chunk.length, this.#reader.unfinished);
      if (hastens) this.#hasten();
    };
    socket.on("data", (chunk: Buffer) => this.#wire.guard(() => take(chunk)));
    socket.on("end", () => this.destroy(sessionLoss(socket, new Error("the connection ended"))));
    socket.resume();
  }

  /** Makes sure that this turn writes something, to acknowledge what has come. */
  #hasten(): void {
    if (this.#subscriptions.any || this.#sends.expectsMore) this.#wire.acknowledge();
  }

  #makeSends(): SessionSends {
    const { dialect, memory, noticesSilence } = this.#wire.peer;
    const markUseful = this.#markUseful;
    if (dialect.sends === "transacted")
      return new TransactedSends({ wire: this.#wire, barrier: this.#barrier, markUseful });
    const destroy = (cause: MasterSlaveError) => this.destroy(cause);
    if (dialect.sends === "grouped" && memory.grouped && noticesSilence)
      return new GroupCommit(this.#wire, { markUseful, destroy });
    return new SingleSends(this.#wire, markUseful);
  }

  get broker(): Broker {
    return this.#wire.peer.broker;
  }

  get useful(): boolean {
    return this.#useful;
  }

  send(send: OutgoingSend): void {
    this.#wire.guard(() => this.#sends.send(send));
  }

  begin(): SessionTransaction {
    return new StompTransaction(this.#wire, `tx${++this.#transactions}`, this.#markUseful, this.#sends);
  }

  unsubscribe(subscription: NamedSubscription): Promise<void> {
    return unsubscribe(this.#wire, subscription);
  }

  subscribe(request: SubscriptionRequest, sink: SubscriptionSink): SessionSubscription {
    return new StompSubscription({ wire: this.#wire, ids: this.#subscriptions, barrier: this.#barrier }, request, sink);
  }

  close(signal: AbortSignal): Promise<void> {
    const over = () => this.destroy(this.#closedByUs());
    if (signal.aborted) over();
    else {
      signal.addEventListener("abort", over, { once: true });
      this.#sends.flush();
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
    this.#reader.end();
    this.#watch.end();
    // This ends the heart-beats too.
    this.#socket.destroy();
    for (const subscription of this.#subscriptions.all()) subscription.end();
    this.#wire.abandon(cause);
    this.#sends.end();
  }

  #closedByUs(): MasterSlaveError {
    const { endpoint } = this.#socket;
    return new ConnectionClosedError(`The session with ${formatAddress(endpoint)} was closed`, { endpoint });
  }

  readonly #markUseful = (): void => {
    this.#useful = true;
  };

  #onHead(command: string, headers: HeaderBlock): number {
    if (command === "RECEIPT") return 0;
    if (command === "ERROR") return MAX_ERROR_BYTES;
    const id = headers.get("subscription");
    if (command !== "MESSAGE") this.#brokeRules(`the unknown command ${this.#quote(command)}`);
    else if (!this.#subscriptions.wasIssued(id))
      this.#protocolError(`a message for a subscription nobody made, ${this.#quote(id)}`);
    const { maxMessageBytes } = this.#wire.peer;
    // A body that is known to be too large is not kept at all.
    return Number(headers.raw("content-length") ?? 0) > maxMessageBytes ? 0 : maxMessageBytes;
  }

  #onFrame(command: string, headers: HeaderBlock, body: Buffer, complete: boolean): void {
    // An incomplete frame is answered when its end has come: see #onDropped.
    if (command === "MESSAGE") complete && this.#onMessage(headers, body);
    else if (command === "RECEIPT") this.#onReceipt(headers);
    else this.#onError(headers, body, complete);
  }

  #onReceipt(headers: HeaderBlock): void {
    const receipt = headers.get("receipt-id");
    const waiter = this.#wire.take(receipt);
    if (waiter) waiter.onReceipt();
    // A receipt that is sent twice does no harm.
    else if (!this.#wire.wasAsked(receipt)) this.#protocolError(`a receipt nobody asked for, ${this.#quote(receipt)}`);
  }

  #onDropped(command: string, headers: HeaderBlock, bytes: number): void {
    if (command !== "MESSAGE" || !this.#wire.open) return;
    this.#subscriptions.find(headers.get("subscription"))?.refuseTooLarge(headers, bytes);
  }

  /** The frame that is being read will never be complete. */
  #onStuck(): void {
    const frame = this.#reader.unfinished;
    if (frame) this.#brokeRules("a content-length that promises more than the body has", frame);
  }

  #onMessage(headers: HeaderBlock, body: Buffer): void {
    const subscription = this.#subscriptions.find(headers.get("subscription"));
    if (!subscription || !this.#wire.open) return;
    if (subscription.overrun) {
      this.#protocolError("far more messages than the prefetch of a subscription allows");
      return;
    }
    this.#markUseful();
    subscription.receive(headers, body);
  }

  #onError(headers: HeaderBlock, body: Buffer, complete: boolean): void {
    const { endpoint, redact, dialect } = this.#wire.peer;
    const said = { message: headers.get("message"), receiptId: headers.get("receipt-id") };
    const refusal = readRefusal(said, body, redact);
    const named = refusal.receiptId !== undefined;
    const waiter = named ? this.#wire.take(refusal.receiptId) : this.#findUnnamed(refusal);
    waiter?.onRefused(refusal);
    // An ERROR body longer than we keep: close the session rather than read an endless body.
    const mayGoOn = named || (waiter?.unnamed && complete);
    if (waiter && mayGoOn && !dialect.errorEndsSession) return;
    this.destroy(refusedSession(endpoint, refusal, waiter !== undefined));
  }

  /** Finds the request that an ERROR without a receipt concerns, if possible. */
  #findUnnamed(refusal: BrokerRefusal): ReceiptWaiter | undefined {
    // Classic closes because a frame is too large: the waiter with the largest body has a frame that is too large in
    // any case.
    if (saysTooLarge(refusal)) return this.#wire.takeLargest();
    const unnamed = saysOfAck(refusal) ? undefined : this.#wire.takeUnnamed(() => this.#sends.findUnnamed(refusal));
    if (unnamed) return unnamed;
    if (!this.#wire.peer.dialect.unnamedSubscribeErrors || saysOfSession(refusal)) return undefined;
    // The ERROR may concern a send or a SUBSCRIBE: the next session writes the sends with receipts, and then it is
    // known.
    if (this.#sends.awaitsUnnamed && !saysOfSubscribe(refusal)) return undefined;
    return this.#wire.takeOnlySubscribe();
  }

  #quote(text = ""): string {
    return printableLine(JSON.stringify(peerText(text, this.#wire.peer.redact)));
  }

  #brokeRules(how: string, frame?: BrokenFrame): void {
    const isMessage = frame?.command === "MESSAGE";
    const subscription = isMessage ? this.#subscriptions.find(frame.headers.get("subscription")) : undefined;
    const place = frame && subscription ? `, ${subscription.noteBroken(frame.headers, how)}` : "";
    this.destroy(sessionLoss(this.#socket, new Error(`${how}${place}`)));
  }

  #protocolError(what: string): void {
    const { endpoint } = this.#socket;
    const text = `${formatAddress(endpoint)} sent ${what.slice(0, 200)}`;
    this.destroy(new SessionLostError("PROTOCOL_ERROR", text, { endpoint }));
  }
}
