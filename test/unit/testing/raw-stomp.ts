/** A STOMP client in the rough, for tests that look at single frames. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export class RawStomp {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  /** Resolves when the socket is closed, from whichever side. */
  readonly closed: Promise<unknown>;
  heartBeats = 0;
  #rest = "";
  #waiting: (() => void)[] = [];

  private constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.socket.setEncoding("latin1");
    this.socket.on("data", (text: string) => this.#read(text));
    this.socket.on("error", () => {});
    // Not once(): a reset is an end too.
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
  }

  /** Connected at TCP; nothing is sent yet. */
  static async dial(port: number): Promise<RawStomp> {
    const client = new RawStomp(port);
    await once(client.socket, "connect");
    return client;
  }

  /** After CONNECTED. */
  static async open(port: number, headers: Record<string, string> = {}): Promise<RawStomp> {
    const client = await RawStomp.dial(port);
    client.send("CONNECT", { "accept-version": "1.2", ...headers });
    await client.next("CONNECTED");
    return client;
  }

  send(command: string, headers: Record<string, string> = {}, body: string | Buffer = ""): void {
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    this.socket.write(Buffer.concat([Buffer.from(`${command}\n${lines.join("")}\n`), Buffer.from(body), Buffer.of(0)]));
  }

  /** Sends with a receipt and resolves when it has come. */
  async confirmed(command: string, headers: Record<string, string> = {}, body: string | Buffer = ""): Promise<void> {
    const receipt = `receipt-${Math.random()}`;
    this.send(command, { ...headers, receipt }, body);
    await this.next("RECEIPT", ({ headers: got }) => got["receipt-id"] === receipt);
  }

  /** The next frame of that command not taken yet; waits for it, and fails with the frames seen when the socket closes. */
  async next(command: string, fits: (frame: RawFrame) => boolean = () => true): Promise<RawFrame> {
    for (;;) {
      const index = this.frames.findIndex((frame) => frame.command === command && fits(frame));
      const [frame] = index < 0 ? [] : this.frames.splice(index, 1);
      if (frame) return frame;
      if (this.socket.destroyed) throw new Error(`Closed without ${command}; came: ${JSON.stringify(this.frames)}`);
      await Promise.race([new Promise<void>((resolve) => this.#waiting.push(resolve)), this.closed]);
    }
  }

  #read(text: string): void {
    this.#rest += text;
    for (;;) {
      while (this.#rest.startsWith("\n")) {
        this.#rest = this.#rest.slice(1);
        this.heartBeats++;
      }
      const headEnd = this.#rest.indexOf("\n\n");
      if (headEnd < 0) break;
      const [command = "", ...lines] = this.#rest.slice(0, headEnd).split("\n");
      const headers = Object.fromEntries(lines.map((line) => [line.split(":")[0], line.slice(line.indexOf(":") + 1)]));
      const bodyAt = headEnd + 2;
      const length = headers["content-length"] ?? this.#rest.indexOf("\0", bodyAt) - bodyAt;
      const bodyEnd = bodyAt + Number(length);
      if (bodyEnd < bodyAt || this.#rest[bodyEnd] !== "\0") break;
      this.frames.push({ command, headers, body: this.#rest.slice(bodyAt, bodyEnd) });
      this.#rest = this.#rest.slice(bodyEnd + 2);
    }
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
