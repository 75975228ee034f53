/** What is left of a program in its group when everybody has left: its queues, dead letters and durable subscriptions. */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../../../src/index.ts";
import type { EmbeddedGroup } from "../../../src/testing/index.ts";
import type { Client } from "./client.ts";
import type { StorePlace } from "./ledger.ts";
import { destinationOf } from "./stage.ts";
import type { Leftovers } from "./verdict.ts";

const QUEUES = ["a", "b", "out"] as const;
const DEAD_LETTERS = "ActiveMQ.DLQ";
const PATIENCE_MS = 5_000;

/** The group has an active member, and nobody is connected to it any more. */
export async function leftovers(group: EmbeddedGroup, subscribers: readonly Client[]): Promise<Leftovers> {
  await everybodyGone(group);
  await everythingStored(group);
  const stored = new Map<StorePlace, readonly string[]>();
  for (const queue of QUEUES) stored.set(queue, await bodiesIn(group, queue));
  for (const client of subscribers) stored.set(`durable-${client.index}`, await drained(group, client));
  return { stored, dead: await bodiesIn(group, DEAD_LETTERS) };
}

async function everybodyGone(group: EmbeddedGroup): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while ((await group.stats()).connections > 0) {
    if (performance.now() > deadline) throw new Error("The group still has connections after everybody has closed his");
    await sleep(1);
  }
}

/** Messages are in their queue once they are synced, in order: these are the last. */
async function everythingStored(group: EmbeddedGroup): Promise<void> {
  const connection = await connect(group.uri("stomp"));
  try {
    await connection.send("queue://last", "the last");
  } finally {
    await connection.close();
  }
}

async function bodiesIn(group: EmbeddedGroup, queue: string): Promise<string[]> {
  const messages = await group.messages(queue);
  const held = messages.find(({ unsettled }) => unsettled);
  if (held) throw new Error(`${held.text} in ${queue} is with a consumer, and there is none`);
  return messages.map(({ text }) => text);
}

/** All that a durable subscription has kept, up to a message that is sent now. */
async function drained(group: EmbeddedGroup, { plan, clientId }: Client): Promise<string[]> {
  const connection = await connect(group.uri(plan.protocol), { clientId });
  const topic = destinationOf("topic");
  const last = `the last for ${clientId}`;
  try {
    const consumer = connection.consume(topic, { durable: "all" });
    await consumer.ready;
    await connection.send(topic, last);
    const bodies: string[] = [];
    for (;;) {
      const delivery = await consumer.receive({ timeoutMs: PATIENCE_MS });
      if (delivery === undefined) throw new Error(`${clientId} did not get what was sent to its subscription`);
      const body = delivery.message.text();
      await delivery.accept();
      if (body === last) return bodies;
      if (!body.startsWith("the last")) bodies.push(body);
    }
  } finally {
    await connection.close();
  }
}
