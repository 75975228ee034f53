/** One client's STOMP connection: the handshake, the commands, receipts and errors (STOMP 1.0 to 1.2). */
import type { Socket } from "node:net";
import type { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import { Refusal, type RefusalCondition } from "../destinations/refusal.ts";
import {
  gatheringSocket,
  HANDSHAKE_TIMEOUT_MS,
  isCongested,
  type MemberConnection,
  type MemberConnectionOptions,
} from "../member/member-connection.ts";
import { PRODUCT, VERSION } from "../product.ts";
import { encodeFrame, type FrameHeaders, type StompFrame } from "./frame.ts";
import { FrameReader } from "./frame-reader.ts";
import { HeartBeat } from "./heart-beat.ts";
import { draftFromSend } from "./send-frame.ts";
import { chooseVersion, readHeaders, type StompVersion, settledDelivery, subscriptionKey } from "./stomp-version.ts";
import { readSubscribe, SUBSCRIPTION_NAME } from "./subscribe-frame.ts";
import { Subscription } from "./subscription.ts";
import { SubscriptionSources } from "./subscription-sources.ts";
import { TemporaryNames } from "./temporary-names.ts";
import { Transactions } from "./transactions.ts";

/** How long a refused client has to read the ERROR frame. */
const ERROR_LINGER_MS = 1000;

const COMMANDS: Readonly<Record<string, (connection: StompConnection, frame: StompFrame) => void>> = {
  SEND: (connection, frame) => connection.onSend(frame),
  SUBSCRIBE: (connection, frame) => connection.onSubscribe(frame),
  UNSUBSCRIBE: (connection, frame) => connection.onUnsubscribe(frame),
  ACK: (connection, frame) => connection.onSettle(frame, "ACK"),
  NACK: (connection, frame) => connection.onSettle(frame, "NACK"),
  BEGIN: (connection, frame) => connection.onBegin(frame),
  COMMIT: (connection, frame) => connection.onCommit(frame),
  ABORT: (connection, frame) => connection.onAbort(frame),
  DISCONNECT: (connection, frame) => connection.onDisconnect(frame),
};
/** Refusals that leave the connection open, as on Classic, against STOMP 1.1 and 1.2. */
const HARMLESS: ReadonlySet<RefusalCondition> = new Set([
  "amqp:transaction:unknown-id",
  "amqp:transaction:rollback",
  "amqp:not-found",
  "amqp:resource-limit-exceeded",
  "amqp:resource-locked",
]);

export class StompConnection implements MemberConnection {
  readonly #raw: Socket;
  readonly #socket: EndpointSocket;
  readonly #reader: FrameReader;
  readonly #options: MemberConnectionOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #transactions: Transactions;
  readonly names: TemporaryNames;
  readonly #sources: SubscriptionSources;
  #deadline: NodeJS.Timeout | undefined;
  #heartBeat: HeartBeat | undefined;
  #deliveries = 0;
  version: StompVersion = "1.0";
  #phase: "handshake" | "open" | "ending" = "handshake";

  constructor(socket: Socket, options: MemberConnectionOptions) {
    this.#raw = socket;
    this.#options = options;
    this.#transactions = new Transactions(options.destinations);
    this.names = new TemporaryNames(options.destinations.queues);
    const { destinations } = options;
    const send = (command: string, headers: FrameHeaders) => this.#send(command, headers);
    this.#sources = new SubscriptionSources({ destinations, names: this.names, send });
    this.#socket = gatheringSocket(socket, "stomp");
    this.#deadline = setTimeout(() => this.#socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    socket.on("drain", () => this.#resumeAll());
    this.#reader = new FrameReader(this.#socket, {
      maxBodyBytes: options.maxMessageBytes,
      onFrame: (frame) => this.#onFrame(frame),
      onError: (error) => this.#refuse(new Refusal("amqp:decode-error", error.message), undefined),
    });
  }

  get congested(): boolean {
    return isCongested(this.#raw);
  }

  #resumeAll(): void {
    for (const subscription of this.#subscriptions.values()) subscription.resume();
  }

  nextDelivery(): number {
    return ++this.#deliveries;
  }

  write(bytes: Buffer): void {
    if (!this.#socket.destroyed && !this.#socket.writableEnded) this.#socket.write(bytes);
  }

  #onFrame(frame: StompFrame): void {
    if (this.#phase === "ending") return;
    try {
      if (this.#phase === "handshake") this.#onConnect(frame);
      else this.#onCommand({ ...frame, headers: readHeaders(frame.headers, this.version) });
    } catch (cause) {
      this.#refuse(Refusal.from(cause), frame.headers["receipt"]);
    }
  }

  #onCommand(frame: StompFrame): void {
    const command = COMMANDS[frame.command];
    if (command === undefined) throw new Refusal("amqp:not-allowed", `Unknown command "${frame.command}"`);
    command(this, frame);
  }

  #onConnect({ command, headers }: StompFrame): void {
    if (command !== "CONNECT" && command !== "STOMP") {
      throw new Refusal("amqp:not-allowed", `The first frame is CONNECT or STOMP, not "${command.slice(0, 40)}"`);
    }
    const version = chooseVersion(headers["accept-version"]);
    const { credentials } = this.#options;
    if (credentials && (headers["login"] !== credentials.username || headers["passcode"] !== credentials.password)) {
      // Classic's exact text: STOMP has no code for it, and clients recognise the sentence.
      throw new Refusal("amqp:not-allowed", `User name [${headers["login"]}] or password is invalid.`);
    }
    clearTimeout(this.#deadline);
    this.#sources.clientId = headers["client-id"];
    this.#phase = "open";
    this.version = version;
    this.#reader.unescapeHeaders(version);
    this.#heartBeat = new HeartBeat(this.#socket, headers["heart-beat"]);
    this.#send("CONNECTED", {
      version,
      server: `${PRODUCT}/${VERSION}`,
      session: `${this.#raw.remotePort}`,
      "heart-beat": this.#heartBeat.header,
    });
  }

  onSend(frame: StompFrame): void {
    const { receipt, transaction } = frame.headers;
    const draft = draftFromSend(frame, this.names);
    if (transaction === undefined) this.#options.destinations.send(draft, () => this.#receipt(receipt));
    else {
      this.#transactions.get(transaction).send(draft);
      this.#receiptInOrder(receipt);
    }
  }

  onBegin({ headers }: StompFrame): void {
    this.#transactions.begin(headers["transaction"]);
    this.#receiptInOrder(headers["receipt"]);
  }

  onCommit({ headers }: StompFrame): void {
    this.#transactions.take(headers["transaction"]).commit(() => this.#receipt(headers["receipt"]));
    this.#resumeAll();
  }

  onAbort({ headers }: StompFrame): void {
    this.#transactions.take(headers["transaction"]).rollback();
    this.#receiptInOrder(headers["receipt"]);
  }

  onSubscribe(frame: StompFrame): void {
    const request = readSubscribe(frame, this.version);
    const key = subscriptionKey(request.id, request.destination);
    if (this.#subscriptions.has(key)) {
      throw new Refusal("amqp:not-allowed", `The subscription id "${key}" is in use on this connection`);
    }
    const source = this.#sources.open(request);
    const subscription = new Subscription(request, source, this);
    this.#subscriptions.set(key, subscription);
    // The receipt comes before the first message, as from Classic.
    this.#options.destinations.afterSends(() => {
      this.#receipt(frame.headers["receipt"]);
      if (this.#subscriptions.get(key) === subscription) subscription.start();
    });
  }

  /** Ends a subscription. With the name of a durable subscription it deletes that one instead, as on Classic. */
  onUnsubscribe({ headers }: StompFrame): void {
    const key = subscriptionKey(headers["id"], headers["destination"]);
    const durable = headers[SUBSCRIPTION_NAME];
    if (durable !== undefined) this.#sources.unsubscribe(durable);
    else {
      this.#subscriptions.get(key)?.end();
      this.#subscriptions.delete(key);
    }
    this.#receiptInOrder(headers["receipt"]);
  }

  onSettle({ headers }: StompFrame, outcome: "ACK" | "NACK"): void {
    const name = headers["transaction"];
    const transaction = name === undefined ? undefined : this.#transactions.get(name);
    const { ack, subscription: named } = settledDelivery(outcome, headers, this.version);
    const among = named === undefined ? [...this.#subscriptions.values()] : [this.#subscriptions.get(named)];
    const subscription = among.find((one) => one?.settle(ack, outcome, transaction));
    if (!subscription) {
      throw new Refusal("amqp:invalid-field", `${outcome} names no unsettled delivery of this connection: "${ack}"`);
    }
    subscription.resume();
    this.#receiptInOrder(headers["receipt"]);
  }

  onDisconnect({ headers }: StompFrame): void {
    this.#options.destinations.afterSends(() => {
      this.#receipt(headers["receipt"]);
      this.#end();
    });
  }

  #receiptInOrder(receipt: string | undefined): void {
    if (receipt !== undefined) this.#options.destinations.afterSends(() => this.#receipt(receipt));
  }

  #receipt(receipt: string | undefined): void {
    if (receipt !== undefined && this.#phase === "open") this.#send("RECEIPT", { "receipt-id": receipt });
  }

  #send(command: string, headers: FrameHeaders, body?: Buffer): void {
    this.write(encodeFrame(command, headers, { version: this.version, body }));
  }

  /** Sends an ERROR frame and closes the connection (STOMP 1.2, "ERROR"), unless Classic would keep it open. */
  #refuse({ condition, message }: Refusal, receipt: string | undefined): void {
    if (this.#phase === "ending") return;
    const body = Buffer.from(`${condition}: ${message}`);
    this.#send(
      "ERROR",
      { message, "content-type": "text/plain", "content-length": body.length, "receipt-id": receipt },
      body,
    );
    if (!HARMLESS.has(condition)) this.#end();
  }

  #end(): void {
    this.#phase = "ending";
    if (this.#socket.destroyed) return;
    this.#socket.end();
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), ERROR_LINGER_MS);
    // Unread bytes of the client would turn our FIN into a reset.
    this.#socket.resume();
  }

  /** STOMP has no frame for it: both brokers close the socket. */
  stop(): void {
    this.#end();
  }

  onGone(): void {
    clearTimeout(this.#deadline);
    this.#heartBeat?.stop();
    this.#phase = "ending";
    // First, so that messages settled in a transaction are unsettled again and return with the rest.
    this.#transactions.rollbackAll();
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
    this.names.end();
  }
}
