/** Reading what is left in a queue when nothing is killed any more: once, to the end. */
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

/** How long a queue has to bring nothing to count as read. */
const QUIET_MS = 1_500;
const FIRST_MS = 5_000;

/** Hands every message to `note`. While `complete` says no, it waits longer for the next. */
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
