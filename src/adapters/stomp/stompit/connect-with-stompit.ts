/**
 * The only use of stompit: it writes CONNECT and reads the answer. It never sees the socket, only an in-memory pipe
 * that ends with the handshake, so it leaves no client, listener or timer behind.
 */
import { Duplex } from "node:stream";
import type { Client, FrameHeaders } from "stompit";
// Not the index, which loads qs for a failover of its own that is not used here (docs/security.md).
import StompitClient from "stompit/lib/Client.js";
import { FirstFrame } from "./first-frame.ts";
import { PARSER_OPTIONS } from "./parser-options.ts";

/** The headers of the answer, by name; of repeated ones the first, as in STOMP 1.2. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>;

/** The peer answered CONNECT with an ERROR frame. */
export class ConnectRefused extends Error {
  readonly headers: AnswerHeaders;
  /** At most the first 64 KiB of the body. */
  readonly body: Buffer;

  constructor(headers: AnswerHeaders, body: Buffer) {
    super("The peer answered CONNECT with an ERROR frame");
    this.headers = headers;
    this.body = body;
  }
}

/**
 * Writes CONNECT with these headers and resolves with those of CONNECTED. Rejects with ConnectRefused for an ERROR
 * frame; with an Error for an answer that breaks the protocol; with the socket's error, or an Error, if the socket ends
 * first; and with the signal's reason as soon as it fires. The socket is paused afterwards, and what follows the answer
 * is unread.
 */
export function connectWithStompit(
  socket: Duplex,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<AnswerHeaders> {
  return new Promise((resolve, reject) => {
    const pipe = new MemoryPipe((bytes) => socket.write(bytes));
    const client = new StompitClient(pipe, PARSER_OPTIONS);
    const first = new FirstFrame();
    const settle = (outcome: () => void) => {
      signal.removeEventListener("abort", onAbort);
      for (const [event, listener] of Object.entries(listeners)) socket.removeListener(event, listener);
      socket.pause();
      outcome();
      // The client has no timer, and none of our listeners hear it end.
      client.destroy();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const onAbort = () => fail(signal.reason);
    const listeners = {
      data: (chunk: Buffer) => {
        const taken = first.take(chunk);
        if (first.state === "overlong") return fail(new Error("an answer with more headers than any broker sends"));
        if (first.state !== "whole") return;
        socket.removeListener("data", listeners.data);
        socket.pause();
        if (taken < chunk.length) socket.unshift(chunk.subarray(taken));
        pipe.push(first.bytes);
      },
      end: () => fail(new Error("the connection ended")),
      error: fail,
      close: () => fail(new Error("the socket was closed")),
    };
    for (const [event, listener] of Object.entries(listeners)) socket.on(event, listener);
    signal.addEventListener("abort", onAbort, { once: true });
    client.on("connect", () => settle(() => resolve(textsOf(client.headers))));
    client.on("error", fail);
    withoutHeartbeats(client).connect({ ...headers });
    client.setCommandHandler("ERROR", (frame) => fail(new ConnectRefused(textsOf(frame.headers), first.body())));
  });
}

/** stompit would send and check heart-beats from CONNECTED on: our own session does both. */
function withoutHeartbeats(client: Client): Client {
  client._runHeartbeat = () => {};
  return client;
}

/** stompit converts content-length to a number. */
function textsOf(headers: FrameHeaders): AnswerHeaders {
  const texts: Record<string, string | undefined> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) texts[name] = String(value);
  return texts;
}

/** Stands for stompit's socket: passes on what stompit writes, and pushes what it reads. */
class MemoryPipe extends Duplex {
  readonly #onWrite: (bytes: Buffer) => void;

  constructor(onWrite: (bytes: Buffer) => void) {
    super();
    this.#onWrite = onWrite;
  }

  override _read(): void {}

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#onWrite(bytes);
    done();
  }
}
