/** One client's STOMP connection: the handshake, the commands, receipts and errors (STOMP 1.2). */
import type { Socket } from "node:net";
import { unfinishedTail } from "../../adapters/stomp/text-boundary.ts";
import type { EndpointSocket } from "../../transport/endpoint-socket.ts";
import { destinationFrom } from "../destinations/destination-name.ts";
import { Refusal } from "../destinations/refusal.ts";
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
import { readSubscribe, Subscription } from "./subscription.ts";

/** How long a refused client has to read the ERROR frame. */
const ERROR_LINGER_MS = 1000;

const COMMANDS: Readonly<Record<string, (connection: StompConnection, frame: StompFrame) => void>> = {
  SEND: (connection, frame) => connection.onSend(frame),
  SUBSCRIBE: (connection, frame) => connection.onSubscribe(frame),
  UNSUBSCRIBE: (connection, frame) => connection.onUnsubscribe(frame),
  ACK: (connection, frame) => connection.onSettle(frame, "ACK"),
  NACK: (connection, frame) => connection.onSettle(frame, "NACK"),
  DISCONNECT: (connection, frame) => connection.onDisconnect(frame),
};
const NOT_DONE = new Set(["BEGIN", "COMMIT", "ABORT"]);

export class StompConnection implements MemberConnection {
  readonly #raw: Socket;
  readonly #socket: EndpointSocket;
  readonly #reader: FrameReader;
  readonly #options: MemberConnectionOptions;
  readonly #subscriptions = new Map<string, Subscription>();
  #deadline: NodeJS.Timeout | undefined;
  #heartBeat: HeartBeat | undefined;
  #deliveries = 0;
  #phase: "handshake" | "open" | "ending" = "handshake";

  constructor(socket: Socket, options: MemberConnectionOptions) {
    this.#raw = socket;
    this.#options = options;
    this.#socket = gatheringSocket(socket, "stomp", { holdBack: unfinishedTail });
    this.#deadline = setTimeout(() => this.#socket.destroy(), HANDSHAKE_TIMEOUT_MS);
    socket.on("drain", () => {
      for (const subscription of this.#subscriptions.values()) subscription.resume();
    });
    this.#reader = new FrameReader(this.#socket, {
      maxBodyBytes: options.maxMessageBytes,
      onFrame: (frame) => this.#onFrame(frame),
      onError: (error) => this.#refuse(new Refusal("amqp:decode-error", error.message), undefined),
    });
  }

  get congested(): boolean {
    return isCongested(this.#raw);
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
      else this.#onCommand(frame);
    } catch (cause) {
      this.#refuse(Refusal.from(cause), frame.headers["receipt"]);
    }
  }

  #onCommand(frame: StompFrame): void {
    if (NOT_DONE.has(frame.command)) throw Refusal.notDone(`transactions (${frame.command})`);
    const command = COMMANDS[frame.command];
    if (command === undefined) throw new Refusal("amqp:not-allowed", `Unknown command "${frame.command}"`);
    command(this, frame);
  }

  #onConnect({ command, headers }: StompFrame): void {
    if (command !== "CONNECT" && command !== "STOMP") {
      throw new Refusal("amqp:not-allowed", `The first frame is CONNECT or STOMP, not "${command.slice(0, 40)}"`);
    }
    if (!(headers["accept-version"] ?? "1.0").split(",").includes("1.2")) throw Refusal.notDone("STOMP before 1.2");
    const { credentials } = this.#options;
    if (credentials && (headers["login"] !== credentials.username || headers["passcode"] !== credentials.password)) {
      // Word for word as Classic: STOMP has no code for it, and clients go by the sentence.
      throw new Refusal("amqp:not-allowed", `User name [${headers["login"]}] or password is invalid.`);
    }
    clearTimeout(this.#deadline);
    this.#phase = "open";
    this.#reader.unescapeHeaders();
    this.#heartBeat = new HeartBeat(this.#socket, headers["heart-beat"]);
    this.#send("CONNECTED", {
      version: "1.2",
      server: `${PRODUCT}/${VERSION}`,
      session: `${this.#raw.remotePort}`,
      "heart-beat": this.#heartBeat.header,
    });
  }

  onSend(frame: StompFrame): void {
    const { receipt } = frame.headers;
    this.#options.destinations.send(draftFromSend(frame), () => this.#receipt(receipt));
  }

  onSubscribe(frame: StompFrame): void {
    const request = readSubscribe(frame);
    if (this.#subscriptions.has(request.id)) {
      throw new Refusal("amqp:not-allowed", `The subscription id "${request.id}" is in use on this connection`);
    }
    const source = this.#options.destinations.subscribe(destinationFrom(frame.headers["destination"] ?? ""));
    const subscription = new Subscription(request, source, this);
    this.#subscriptions.set(request.id, subscription);
    // The receipt comes before the first message, as from Classic.
    this.#options.destinations.afterSends(() => {
      this.#receipt(frame.headers["receipt"]);
      if (this.#subscriptions.get(request.id) === subscription) subscription.start();
    });
  }

  onUnsubscribe({ headers }: StompFrame): void {
    const id = headers["id"] ?? "";
    this.#subscriptions.get(id)?.end();
    this.#subscriptions.delete(id);
    this.#receiptInOrder(headers["receipt"]);
  }

  onSettle({ headers }: StompFrame, outcome: "ACK" | "NACK"): void {
    if (headers["transaction"] !== undefined) throw Refusal.notDone("transactions (header transaction)");
    const id = headers["id"] ?? "";
    const subscription = this.#subscriptions.get(id.slice(0, id.lastIndexOf("/")));
    if (!subscription?.settle(id, outcome)) {
      throw new Refusal("amqp:invalid-field", `${outcome} names no unsettled delivery of this connection: "${id}"`);
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
    this.write(encodeFrame(command, headers, body));
  }

  /** An ERROR frame, and the connection closes after it (STOMP 1.2, "ERROR"). */
  #refuse({ condition, message }: Refusal, receipt: string | undefined): void {
    if (this.#phase === "ending") return;
    const body = Buffer.from(`${condition}: ${message}`);
    this.#send(
      "ERROR",
      { message, "content-type": "text/plain", "content-length": body.length, "receipt-id": receipt },
      body,
    );
    this.#end();
  }

  #end(): void {
    this.#phase = "ending";
    if (this.#socket.destroyed) return;
    this.#socket.end();
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#socket.destroy(), ERROR_LINGER_MS);
    // What the client had sent before it saw the end would turn our FIN into a reset.
    this.#socket.resume();
  }

  /** STOMP has no word for it: both brokers close the socket. */
  stop(): void {
    this.#end();
  }

  onGone(): void {
    clearTimeout(this.#deadline);
    this.#heartBeat?.stop();
    this.#phase = "ending";
    for (const subscription of this.#subscriptions.values()) subscription.end();
    this.#subscriptions.clear();
  }
}
