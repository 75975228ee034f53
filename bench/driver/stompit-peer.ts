/** stompit alone, on a socket of ours. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { DUPLICATE_ID_PROPERTY } from "../../src/messaging/messages/outgoing-message.ts";
import { type BenchPeer, fail } from "./bench-peer.ts";
import { checkBody } from "./ours.ts";
import { sendHeaders, subscribeHeaders } from "./stomp-headers.ts";
import type { Workload } from "./workload.ts";

interface Message extends Readable {
  readonly headers: Readonly<Record<string, string>>;
}

/** The parts of stompit that this repository's typings leave out. */
interface Client {
  connect(headers: Record<string, string>, connected: () => void): void;
  send(headers: Record<string, string>, options?: { readonly onReceipt: () => void }): Writable;
  subscribe(headers: Record<string, string>, take: (error: Error | null, message: Message) => void): void;
  ack(message: Message): void;
  on(event: "error", listener: (error: Error) => void): void;
}

const { Client } = createRequire(import.meta.url)("stompit") as { readonly Client: new (socket: Socket) => Client };

export interface StompitOptions {
  readonly noDelay: boolean;
  /** Gives each message an id for duplicate detection, as our package does. */
  readonly ids?: boolean;
}

/** With Nagle's algorithm, stompit's default, each send of a window of 1 waits for the peer's delayed ACK. */
export async function openStompit(workload: Workload, { noDelay, ids = false }: StompitOptions): Promise<BenchPeer> {
  const { endpoint, credentials, bodyBytes } = workload;
  const socket = connect({ ...endpoint, noDelay });
  await once(socket, "connect");
  const client = new Client(socket);
  client.on("error", fail);
  const { username: login, password: passcode } = credentials;
  const headers = { host: endpoint.host, login, passcode, "heart-beat": "0,0" };
  await new Promise<void>((connected) => client.connect(headers, connected));
  const body = Buffer.alloc(bodyBytes, "x");
  const sending = { ...sendHeaders(workload), "content-length": String(bodyBytes) };
  return {
    send(done) {
      const id = ids ? { [DUPLICATE_ID_PROPERTY]: randomUUID() } : {};
      client.send({ ...sending, ...id }, { onReceipt: done }).end(body);
    },
    receive(took) {
      onMessage(client, subscribeHeaders(workload), (message, received) => {
        checkBody(received, bodyBytes);
        client.ack(message);
        took();
      });
    },
    request: requestWith(client, workload, body),
  };
}

function onMessage(
  client: Client,
  headers: Record<string, string>,
  take: (message: Message, body: Buffer) => void,
): void {
  client.subscribe(headers, (error, message) => {
    if (error) fail(error);
    const chunks: Buffer[] = [];
    message.on("data", (chunk: Buffer) => chunks.push(chunk));
    message.on("end", () => take(message, chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
  });
}

/** Replies come to their own queue. With one request at a time, no correlation is needed. */
function requestWith(client: Client, workload: Workload, body: Buffer) {
  const replies = { ...workload, destination: `${workload.destination}.replies` };
  const [request, reply] = [sendHeaders(workload), sendHeaders(replies)];
  let answered: (() => void) | undefined;
  return (done: () => void): void => {
    if (!answered) {
      onMessage(client, subscribeHeaders(workload), (message, received) => {
        client
          .send({ ...reply, "content-length": String(received.length) }, { onReceipt: () => client.ack(message) })
          .end(received);
      });
      onMessage(client, subscribeHeaders(replies), (message) => {
        client.ack(message);
        answered?.();
      });
    }
    answered = done;
    client.send({ ...request, "content-length": String(body.length) }).end(body);
  };
}
