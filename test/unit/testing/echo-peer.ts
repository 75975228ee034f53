/** A peer that echoes, and a client of it, for the tests of the fault proxy. */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { expect, vi } from "vitest";

/** Answers every byte with the same, and keeps its sockets. */
export interface Echo {
  readonly server: Server;
  readonly port: number;
  readonly sockets: Socket[];
  received: number;
}

export async function startEcho(): Promise<Echo> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      started.received += chunk.length;
      socket.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const started = { server, port: typeof address === "object" ? (address?.port ?? 0) : 0, sockets, received: 0 };
  return started;
}

/** A client that keeps what it hears. */
export class EchoClient {
  readonly socket: Socket;
  readonly closed: Promise<string>;
  text = "";
  ended = false;

  constructor(port: number) {
    this.socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let code = "closed";
    this.socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code ?? error.message;
    });
    this.socket.on("data", (chunk) => {
      this.text += chunk.toString("latin1");
    });
    this.socket.on("end", () => {
      this.ended = true;
    });
    this.closed = new Promise((resolve) => this.socket.on("close", () => resolve(code)));
  }

  async says(text: string): Promise<void> {
    const expected = this.text.length + text.length;
    this.socket.write(text);
    await vi.waitFor(() => expect(this.text.length).toBe(expected), { timeout: 4000, interval: 5 });
  }

  /** Nothing more comes for 80 ms. */
  async hearsNothing(): Promise<void> {
    const before = this.text;
    await new Promise((resolve) => setTimeout(resolve, 80));
    expect([this.text, this.socket.destroyed]).toEqual([before, false]);
  }
}
