/** Finds out whether two connections have reached the same broker, whatever the configuration calls it. */
import { randomUUID } from "node:crypto";
import type { Connection } from "../../messaging/connection/connection.ts";

/** A topic keeps no messages, and no link forwards this one. */
const TOPIC = "topic://masterslave.own-group";
const ANSWER_MS = 400;
const LONGEST_MS = 5_000;

/**
 * Publishes a message at the target and listens for it at the source. Resolves with true if it arrives, with false if
 * it does not arrive within 400 ms after its confirmation, and with undefined if a broker refuses the topic. Never
 * rejects.
 */
export async function isOneBroker(
  source: Connection,
  target: Connection,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const word = randomUUID();
  const both = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]);
  const consumer = source.consume(TOPIC, { prefetch: 10, signal: both });
  try {
    await consumer.ready;
    await target.send(TOPIC, word, { persistent: false, ttlMs: LONGEST_MS, signal: both });
    const until = performance.now() + ANSWER_MS;
    for (let left = ANSWER_MS; left > 0; left = until - performance.now()) {
      const delivery = await consumer.receive({ timeoutMs: left });
      if (!delivery) return false;
      await delivery.accept();
      if (delivery.message.bytes().toString() === word) return true;
    }
    return false;
  } catch {
    return undefined;
  } finally {
    await consumer.close();
  }
}
