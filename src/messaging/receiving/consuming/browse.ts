/** Shows the messages in a queue and removes none; after a failover it begins again and skips what it has shown. */

import { inBackground } from "../../../async/in-background.ts";
import type { ReceivedMessage } from "../../messages/received-message.ts";
import { DeliveredIds } from "../deliveries/delivered-ids.ts";
import type { Consumer } from "./consumer.ts";

/** Iterates until everything has been shown, or `break` is called. */
export function browse(consumer: Consumer): AsyncGenerator<ReceivedMessage, void, void> {
  const shown = show(consumer);
  const leave = shown.return.bind(shown);
  // A generator that has not begun runs no `finally`, and return() would wait for a pending next() first.
  shown.return = async (value) => {
    await consumer.close();
    return leave(value);
  };
  return shown;
}

async function* show(consumer: Consumer): AsyncGenerator<ReceivedMessage, void, void> {
  const shown = new DeliveredIds();
  try {
    for await (const delivery of consumer) {
      const { message } = delivery;
      // Acknowledging lets the next message come; nothing is removed from the queue.
      inBackground("Letting the next message of a browser come", delivery.accept());
      const { id } = message;
      if (id === undefined || !shown.note(id)) yield message;
    }
  } finally {
    await consumer.close();
  }
}
