/** rhea-promise: rhea with a promise for each send. */
import rhea from "rhea";
import { Connection, SenderEvents } from "rhea-promise";
import { terminusOf } from "../driver/amqp-terminus.ts";
import { type BenchPeer, fail } from "../driver/bench-peer.ts";
import { checkBody } from "../driver/ours.ts";
import { runPeer } from "../driver/run-peer.ts";
import type { Workload } from "../driver/workload.ts";

await runPeer(open);

async function open(workload: Workload): Promise<BenchPeer> {
  const { endpoint, credentials, bodyBytes, prefetch, kind } = workload;
  const connection = new Connection({ ...endpoint, ...credentials, reconnect: false });
  await connection.open();
  return {
    send: kind === "receive" ? () => fail("It receives") : await sendWith(connection, workload),
    async receive(took) {
      await connection.createReceiver({
        source: terminusOf(workload),
        credit_window: prefetch,
        autoaccept: false,
        onError: fail,
        onMessage({ message, delivery }) {
          checkBody(message?.body.content, bodyBytes);
          delivery?.accept();
          took();
        },
      });
    },
  };
}

/** Its send() rejects when there is no credit, so sends without credit wait here. */
async function sendWith(connection: Connection, workload: Workload): Promise<BenchPeer["send"]> {
  const body = rhea.message.data_section(Buffer.alloc(workload.bodyBytes, "x"));
  const sender = await connection.createAwaitableSender({ target: terminusOf(workload) });
  const waiting: (() => void)[] = [];
  const flush = (): void => {
    while (waiting.length > 0 && sender.sendable()) sender.send({ durable: true, body }).then(waiting.pop(), fail);
  };
  sender.on(SenderEvents.sendable, flush);
  return (done) => {
    waiting.push(done);
    flush();
  };
}
