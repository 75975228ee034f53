/** Takes the messages that a measurement has confirmed out of their queue. A missing message ends the bench. */
import { connect } from "masterslave-transport";
import type { Protocol } from "../../test/brokers/real-group.ts";
import type { Workload } from "../driver/workload.ts";

const NEXT_WITHIN_MS = 10_000;

export async function emptyQueue(protocol: Protocol, workload: Workload, messages: number): Promise<void> {
  const { endpoint, credentials, destination } = workload;
  if (messages === 0) return;
  const connection = await connect(`${protocol}://${endpoint.host}:${endpoint.port}`, { credentials });
  try {
    const consumer = connection.consume(`queue://${destination}`, { prefetch: 500 });
    for (let taken = 0; taken < messages; taken += 1) {
      const delivery = await consumer.receive({ timeoutMs: NEXT_WITHIN_MS });
      if (delivery === undefined) throw new Error(`${destination} holds ${taken} of ${messages} confirmed messages`);
      await delivery.accept();
    }
  } finally {
    await connection.close();
  }
}
