/** A scripted STOMP peer on a real socket: the test says what it answers, byte for byte, and sees what it was sent. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { openStompSession } from "../../../../src/adapters/stomp/open-session.ts";
import type { AdapterSettings } from "../../../../src/messaging/port/adapter-settings.ts";
import type { MessagingSession } from "../../../../src/messaging/port/messaging-session.ts";
import type { Endpoint } from "../../../../src/uri/endpoint.ts";

export interface PeerFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export const CLASSIC = "ActiveMQ/6.1.8";
export const ARTEMIS = "ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine";
export const OTHER = "RabbitMQ/3.13.0";

export class PeerConnection {
  readonly socket: Socket;
  readonly frames: PeerFrame[] = [];
  /** How many pieces the bytes came in, heart-beats included. */
  chunks = 0;
  bytes = Buffer.alloc(0);
  #parsed = 0;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    // What the test writes apart arrives apart.
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      this.chunks++;
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.#parse();
      this.#wake();
    });
    socket.on("end", () => this.#wake());
    socket.on("close", () => this.#wake());
  }

  /** The nth frame of this command (from 0), as soon as it has come. */
  async frame(command: string, nth = 0): Promise<PeerFrame> {
    await this.until(() => this.all(command).length > nth, `frame ${command} ${nth}`);
    return this.all(command)[nth] as PeerFrame;
  }

  all(command: string): readonly PeerFrame[] {
    return this.frames.filter((frame) => frame.command === command);
  }

  /** Waits for something the client does. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`The client never did: ${what}; it sent ${this.bytes}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000);
        this.#waiters.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  write(...frames: (string | Buffer)[]): void {
    for (const frame of frames) this.socket.write(frame);
  }

  connected(server = CLASSIC, version = "1.2", heartbeat = "0,0"): void {
    this.write(frame("CONNECTED", { version, server, "heart-beat": heartbeat }));
  }

  receipt(to: PeerFrame): void {
    this.write(frame("RECEIPT", { "receipt-id": to.headers["receipt"] ?? "none" }));
  }

  /** Answers the nth storage barrier (from 0): the transaction that is rolled back behind sends to see them stored. */
  async passBarrier(nth = 0): Promise<void> {
    const isBarrier = ({ headers }: PeerFrame) => headers["transaction"]?.startsWith("barrier-") === true;
    const find = (command: string) => this.all(command).filter(isBarrier);
    await this.until(() => find("BEGIN").length > nth, `barrier ${nth}`);
    const transaction = find("BEGIN")[nth]?.headers["transaction"];
    const parts = (command: string) => find(command).filter(({ headers }) => headers["transaction"] === transaction);
    await this.until(() => parts("SEND").length > 0, "a message behind the sends");
    for (const send of parts("SEND")) this.receipt(send);
    await this.until(() => parts("ABORT").length > 0, "the roll back of it");
    for (const abort of parts("ABORT")) this.receipt(abort);
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #parse(): void {
    for (;;) {
      while (this.bytes[this.#parsed] === 10) this.#parsed++;
      const rest = this.bytes.subarray(this.#parsed);
      const head = rest.indexOf("\n\n");
      if (head < 0) return;
      const [command = "", ...lines] = rest.subarray(0, head).toString().split("\n");
      const plain = command === "CONNECT" ? (text: string) => text : unescape12;
      const headers = Object.fromEntries(
        lines.map((line) => [plain(line.slice(0, line.indexOf(":"))), plain(line.slice(line.indexOf(":") + 1))]),
      );
      const length = headers["content-length"];
      const end = length === undefined ? rest.indexOf(0, head) : head + 2 + Number(length);
      if (end < 0 || rest.length <= end) return;
      this.frames.push({ command, headers, body: rest.subarray(head + 2, end) });
      this.#parsed += end + 1;
    }
  }
}

const unescape12 = (text: string) =>
  text.replace(/\\[rnc\\]/g, (sequence) => ({ "\\r": "\r", "\\n": "\n", "\\c": ":" })[sequence] ?? "\\");

/** A frame as text, its headers not escaped. */
export function frame(command: string, headers: Readonly<Record<string, string>> = {}, body = ""): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join("")}\n${body}\0\n`;
}

export class StompPeer implements AsyncDisposable {
  readonly connections: PeerConnection[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(script: (connection: PeerConnection) => void | Promise<void> = () => {}): Promise<StompPeer> {
    const server = createServer({ allowHalfOpen: true });
    const peer = new StompPeer(server);
    server.on("connection", (socket) => {
      const connection = new PeerConnection(socket);
      peer.connections.push(connection);
      void script(connection);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return peer;
  }

  /** Answers every CONNECT with CONNECTED. */
  static async greeting(server = CLASSIC, version = "1.2", heartbeat = "0,0"): Promise<StompPeer> {
    return StompPeer.listen(async (connection) => {
      await connection.frame("CONNECT");
      connection.connected(server, version, heartbeat);
    });
  }

  get endpoint(): Endpoint {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("not listening");
    return { scheme: "stomp", host: "127.0.0.1", port: address.port, options: {} };
  }

  /** The only connection made so far. */
  get connection(): PeerConnection {
    const [connection] = this.connections;
    if (!connection) throw new Error("nobody has connected");
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.connections) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

export const SETTINGS: AdapterSettings = {
  credentials: () => ({ username: "scott", password: "tiger secret" }),
  clientId: undefined,
  heartbeatMs: 0,
  tls: undefined,
  deadLetterDestination: { kind: "queue", name: "DLQ" },
  releaseWaitMs: 10_000,
  onWarning: () => {},
};

/** One attempt at the peer; it may speak at once. */
export function attempt(
  endpoint: Endpoint,
  settings: Partial<AdapterSettings> = {},
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<MessagingSession> {
  return openStompSession({ ...SETTINGS, ...settings })(endpoint, { signal, turn: async () => {} });
}
