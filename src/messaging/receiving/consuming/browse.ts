/** Shows what is in a queue and takes nothing out of it; over a failover it begins again and skips what it has shown. */

import { inBackground } from "../../../async/in-background.ts";
import type { ReceivedMessage } from "../../messages/received-message.ts";
import { DeliveredIds } from "../deliveries/delivered-ids.ts";
import type { Consumer } from "./consumer.ts";

/** Ends when everything has been shown, or `break` is called. */
export function browse(consumer: Consumer): AsyncGenerator<ReceivedMessage, void, void> {
  const shown = show(consumer);
  const leave = shown.return.bind(shown);
  // A generator that has not begun runs no `finally`, and one whose next() is pending would wait for that first.
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
      // Lets the next one come; nothing is taken out of the queue.
      inBackground("Letting the next message of a browser come", delivery.accept());
      const { id } = message;
      if (id === undefined || !shown.note(id)) yield message;
    }
  } finally {
    await consumer.close();
  }
}
