/** rhea by itself. */
import { once } from "node:events";
import rhea, { type Connection, type EventContext, type Sender } from "rhea";
import { terminusOf } from "../driver/amqp-terminus.ts";
import { type BenchPeer, fail } from "../driver/bench-peer.ts";
import { checkBody } from "../driver/ours.ts";
import { runPeer } from "../driver/run-peer.ts";
import type { Workload } from "../driver/workload.ts";

await runPeer(open);

async function open(workload: Workload): Promise<BenchPeer> {
  const { endpoint, credentials, bodyBytes } = workload;
  const container = rhea.create_container();
  for (const event of ["disconnected", "rejected", "released", "connection_error", "session_error", "error"])
    container.on(event, fail);
  const connection = container.connect({ ...endpoint, ...credentials, reconnect: false });
  await once(connection, "connection_open");
  const message = { durable: true, body: rhea.message.data_section(Buffer.alloc(bodyBytes, "x")) };
  return {
    send: sendWith(connection, workload, message),
    receive(took) {
      take(connection, workload, (body) => {
        checkBody(body, bodyBytes);
        took();
      });
    },
    request: requestWith(connection, workload, message),
  };
}

/** Every message may be confirmed for any other: the window is full of the same. */
function sendWith(connection: Connection, workload: Workload, message: object) {
  let sender: Sender | undefined;
  let waiting = 0;
  let confirm: () => void = () => {};
  const flush = (): void => {
    for (; waiting > 0 && sender?.sendable(); waiting -= 1) sender.send(message as never);
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

/** Replies come to a queue of their own; one request at a time needs no table of them. */
function requestWith(connection: Connection, workload: Workload, message: object) {
  const replies = { ...workload, destination: `${workload.destination}.replies` };
  const [ask, answer] = [sendWith(connection, workload, message), sendWith(connection, replies, message)];
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
