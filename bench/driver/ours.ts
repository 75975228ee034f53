/** This package as a user would write it, over either protocol. */
import { connect } from "masterslave-transport";
import type { Protocol } from "../../test/brokers/real-group.ts";
import { type BenchPeer, fail } from "./bench-peer.ts";
import type { Workload } from "./workload.ts";

export async function openOurs(protocol: Protocol, workload: Workload): Promise<BenchPeer> {
  const { endpoint, credentials, destination, bodyBytes, prefetch } = workload;
  const queue = `queue://${destination}`;
  const connection = await connect(`${protocol}://${endpoint.host}:${endpoint.port}`, { credentials });
  const producer = connection.producer(queue);
  const body = Buffer.alloc(bodyBytes, "x");
  return {
    send(done) {
      producer.send(body).then(done, fail);
    },
    async receive(took) {
      for await (const delivery of connection.consume(queue, { prefetch })) {
        checkBody(delivery.message.bytes(), bodyBytes);
        await delivery.accept();
        took();
      }
    },
    request: requestWith(connection, queue, body),
  };
}

function requestWith(connection: Awaited<ReturnType<typeof connect>>, queue: string, body: Buffer) {
  let responds = false;
  return (done: () => void): void => {
    if (!responds) connection.respond(queue, (message) => message.bytes());
    responds = true;
    connection.request(queue, body).then(done, fail);
  };
}

/** Every peer reads the body, because some would otherwise leave it undecoded. */
export function checkBody(body: { readonly length: number }, bodyBytes: number): void {
  if (body.length !== bodyBytes) fail(`A body of ${body.length} bytes in place of ${bodyBytes}`);
}
