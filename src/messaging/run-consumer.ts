/** Works through a consumer's deliveries with a handler, settling for it. */
import { inspect } from "node:util";
import { UnsupportedError } from "../errors.ts";
import type { Consumer } from "./consumer.ts";
import type { Delivery } from "./delivery.ts";
import type { ReceivedMessage } from "./received-message.ts";

export type ProcessMessage = (message: ReceivedMessage) => unknown;

/** Resolves when the consumer is closed and every handler has finished; rejects, after closing it, when it or a settlement failed. */
export async function runConsumer(consumer: Consumer, handler: ProcessMessage, concurrency: number): Promise<void> {
  const outcomes = await Promise.allSettled(Array.from({ length: concurrency }, () => work(consumer, handler)));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed) throw failed.reason;
}

async function work(consumer: Consumer, handler: ProcessMessage): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await consumer.next();
      if (done) return;
      await handle(value, handler);
    }
  } catch (reason) {
    await consumer.close();
    throw reason;
  }
}

async function handle(delivery: Delivery, handler: ProcessMessage): Promise<void> {
  try {
    await handler(delivery.message);
  } catch (reason) {
    await refuse(delivery, reason);
    return;
  }
  await delivery.accept();
}

async function refuse(delivery: Delivery, reason: unknown): Promise<void> {
  const text = reason instanceof Error ? reason.message : typeof reason === "string" ? reason : inspect(reason);
  try {
    await delivery.reject(text);
  } catch (cause) {
    if (!(cause instanceof UnsupportedError)) throw cause;
    // What the program has to know first is why it could not process the message.
    throw new UnsupportedError(`The message could not be processed (${text}), nor rejected: ${cause.message}`, {
      cause: reason,
      endpoint: cause.endpoint,
    });
  }
}
