/**
 * Finds out, by sending a message of its own, whether Classic keeps AMQP messages encoded
 * (transport.transformer=native).
 */
import { randomUUID } from "node:crypto";
import { readSections } from "../../adapters/amqp/messages/section-reader.ts";
import { keepReceivedBytes, passSections, receivedBytesOf } from "../../messaging/messages/encoded-sections.ts";
import type { WatchedGroup } from "./watched-group.ts";

const QUEUE = "queue://masterslave.check";
const LIFE_MS = 30_000;
/**
 * A property of AMQP type uint, which JMS does not have: the jms transformer turns it into a long, and `native` leaves
 * it alone.
 */
const NAME = "MasterslaveUint";
const UINT = Buffer.from([0x52, 0x07]);

/**
 * Resolves with true if STOMP and OpenWire consumers of the broker get encoded bytes. Resolves with undefined for
 * another product, over STOMP, and if the broker refuses the queue masterslave.check. Never rejects.
 */
export async function keepsMessagesEncoded(
  { connection, protocol }: WatchedGroup,
  timeoutMs: number,
): Promise<boolean | undefined> {
  if (protocol !== "amqp" || connection.broker?.product !== "activemq") return undefined;
  const forget = keepReceivedBytes();
  const signal = AbortSignal.timeout(timeoutMs);
  const consumer = connection.consume(QUEUE, { prefetch: 10, signal });
  const word = randomUUID();
  try {
    await consumer.ready;
    const options = { persistent: false, ttlMs: LIFE_MS, signal };
    const body = Buffer.concat([Buffer.from([0x00, 0x53, 0x77]), stringOf(word)]);
    passSections(options, {
      messageType: undefined,
      properties: [],
      applicationProperties: [[NAME, Buffer.concat([stringOf(NAME), UINT])]],
      body,
      kind: "text",
    });
    await connection.send(QUEUE, body, options);
    for await (const delivery of consumer) {
      const { message } = delivery;
      const bytes = receivedBytesOf(message);
      await delivery.accept();
      // A message of another check that runs at the same time.
      if (!bytes?.includes(word)) continue;
      const pair = readSections(bytes).applicationProperties.find(([name]) => name === NAME)?.[1];
      return pair?.subarray(-UINT.length).equals(UINT) === true;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    forget();
    await consumer.close();
  }
}

function stringOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([0xa1, bytes.length]), bytes]);
}
