/** Reads what is left in a queue, once and to the end, after the last kill. */
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

/** A queue from which nothing comes for this long counts as read. */
const QUIET_MS = 1_500;
const FIRST_MS = 5_000;

/** Passes every message to `note`. While `complete` returns false, it waits longer for the next message. */
export async function readQueue(
  connection: Connection,
  queue: string,
  note: (message: ReceivedMessage) => void,
  complete: () => boolean = () => true,
): Promise<void> {
  const consumer = connection.consume(queue);
  await consumer.ready;
  for (;;) {
    const delivery = await consumer.receive({ timeoutMs: complete() ? QUIET_MS : FIRST_MS });
    if (!delivery) break;
    note(delivery.message);
    await delivery.accept();
  }
  await consumer.close();
}
