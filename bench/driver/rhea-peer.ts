/** rhea alone. */

import { randomUUID } from "node:crypto";
import { once } from "node:events";
import rhea, { type Connection, type EventContext, type Sender } from "rhea";
import { DUPLICATE_ID_PROPERTY } from "../../src/messaging/messages/outgoing-message.ts";
import { terminusOf } from "./amqp-terminus.ts";
import { type BenchPeer, fail } from "./bench-peer.ts";
import { checkBody } from "./ours.ts";
import type { Workload } from "./workload.ts";

/** `ids`: whether each message has an id for duplicate detection, as our package sends them. */
export async function openRhea(workload: Workload, { ids }: { readonly ids: boolean }): Promise<BenchPeer> {
  const { endpoint, credentials, bodyBytes } = workload;
  const container = rhea.create_container();
  for (const event of ["disconnected", "rejected", "released", "connection_error", "session_error", "error"])
    container.on(event, fail);
  const connection = container.connect({ ...endpoint, ...credentials, reconnect: false });
  await once(connection, "connection_open");
  const message = { durable: true, body: rhea.message.data_section(Buffer.alloc(bodyBytes, "x")) };
  return {
    send: sendWith(connection, workload, () => (ids ? withId(message) : message)),
    receive(took) {
      take(connection, workload, (body) => {
        checkBody(body, bodyBytes);
        took();
      });
    },
    request: requestWith(connection, workload, message),
  };
}

function withId(message: object): object {
  return { ...message, application_properties: { [DUPLICATE_ID_PROPERTY]: randomUUID() } };
}

/** Any confirmation may count for any send, because all messages in the window are the same. */
function sendWith(connection: Connection, workload: Workload, next: () => object) {
  let sender: Sender | undefined;
  let waiting = 0;
  let confirm: () => void = () => {};
  const flush = (): void => {
    for (; waiting > 0 && sender?.sendable(); waiting -= 1) sender.send(next() as never);
  };
  return (done: () => void): void => {
    confirm = done;
    if (!sender) {
      sender = connection.open_sender({ target: terminusOf(workload) });
      sender.on("accepted", () => confirm());
      sender.on("sendable", flush);
    }
    waiting += 1;
    flush();
  };
}

function take(connection: Connection, workload: Workload, onBody: (body: Buffer) => void): void {
  const receiver = connection.open_receiver({
    source: terminusOf(workload),
    credit_window: workload.prefetch,
    autoaccept: false,
  });
  receiver.on("message", ({ message, delivery }: EventContext) => {
    delivery?.accept();
    onBody(message?.body.content);
  });
}

/** Replies come to their own queue. With one request at a time, no correlation is needed. */
function requestWith(connection: Connection, workload: Workload, message: object) {
  const replies = { ...workload, destination: `${workload.destination}.replies` };
  const [ask, answer] = [sendWith(connection, workload, () => message), sendWith(connection, replies, () => message)];
  let answered: (() => void) | undefined;
  return (done: () => void): void => {
    if (!answered) {
      take(connection, workload, () => answer(() => {}));
      take(connection, replies, () => answered?.());
    }
    answered = done;
    ask(() => {});
  };
}
