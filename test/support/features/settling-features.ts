/** The feature table's rows on settlements, transactions and duplicates. */
import assert from "node:assert/strict";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import type { Consumer } from "../../../src/messaging/receiving/consuming/consumer.ts";
import type { Delivery } from "../../../src/messaging/receiving/deliveries/delivery.ts";
import { drain, type Feature, nothing, type Trial, take, until } from "./feature.ts";

/** Sends a message to its own queue and receives it. */
async function inHand(
  trial: Trial,
  body = "a",
): Promise<{ connection: Connection; queue: string; consumer: Consumer; delivery: Delivery }> {
  const connection = await trial.connect();
  const queue = trial.fresh("queue");
  await connection.send(queue, body);
  const consumer = connection.consume(queue);
  return { connection, queue, consumer, delivery: await take(consumer) };
}

/** Rethrows any other error. */
function unlessItIs(expected: RegExp): (reason: unknown) => void {
  return (reason) => {
    if (!(reason instanceof Error) || !expected.test(reason.message)) throw reason;
  };
}

/** Where each product moves dead letters by default. */
const DEAD_LETTERS = {
  classic: "queue://ActiveMQ.DLQ",
  artemis: "queue://DLQ",
  embedded: "queue://ActiveMQ.DLQ",
} as const;

export const SETTLING: readonly Feature[] = [
  {
    name: "accept(): the message is done",
    attempt: async (trial) => {
      const { connection, queue, delivery } = await inHand(trial);
      assert.equal(await delivery.accept(), "settled");
      await connection.close();
      await nothing((await trial.connect()).consume(queue));
    },
  },
  {
    name: "accept({ confirmed: true }): the broker confirms it",
    attempt: async (trial) => {
      const { connection, queue, delivery } = await inHand(trial);
      assert.equal(await delivery.accept({ confirmed: true }), "settled");
      await connection.close();
      await nothing((await trial.connect()).consume(queue));
    },
  },
  {
    name: "reject(reason): a dead letter",
    attempt: async (trial) => {
      const body = `dead ${trial.fresh("queue")}`;
      const { connection, queue, delivery } = await inHand(trial, body);
      assert.equal(await delivery.reject("no such customer"), "settled");
      const letters = await drain((await trial.connect()).consume(DEAD_LETTERS[trial.product]), 1);
      assert.ok(letters.includes(body), `the dead letters are ${letters}`);
      await connection.close();
      await nothing((await trial.connect()).consume(queue));
    },
  },
  {
    name: "release(): back to the queue, for anybody",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      await connection.send(queue, "a");
      const consumer = connection.consume(queue);
      assert.equal(await (await take(consumer)).release(), "settled");
      const again = await take(consumer);
      assert.equal(again.message.text(), "a");
      assert.equal(again.redelivered, true);
      await again.accept();
    },
  },
  {
    name: "release(): deliveries settled meanwhile stay settled",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      for (const body of ["a", "b", "c"]) await connection.send(queue, body);
      const consumer = connection.consume(queue);
      const [a, b] = [await take(consumer), await take(consumer)];
      const released = a.release();
      assert.equal(await b.accept(), "settled");
      await released;
      assert.deepEqual((await drain(consumer, 2)).sort(), ["a", "c"]);
    },
  },
  {
    name: "modify({ deliveryFailed: true }): back to the queue, counted as failed",
    attempt: async (trial) => {
      const { consumer, delivery } = await inHand(trial);
      assert.equal(await delivery.modify({ deliveryFailed: true }), "settled");
      const again = await take(consumer);
      assert.equal(again.redelivered, true);
      if (trial.protocol === "amqp") assert.equal(again.deliveryCount, 1);
    },
  },
  {
    name: "modify({ undeliverableHere: true }): not to this consumer again",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      await connection.send(queue, "a");
      const consumer = connection.consume(queue);
      await (await take(consumer)).modify({ undeliverableHere: true });
      await nothing(consumer);
    },
  },
  {
    name: "run() with redelivery, then a dead letter",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const body = `poison ${queue}`;
      await connection.send(queue, body);
      const attempts: number[] = [];
      const handler = (_message: unknown, { attempt }: { attempt: number }) => {
        attempts.push(attempt);
        throw new Error("cannot be done");
      };
      const consumer = connection.consume(queue);
      const ran = consumer.run(handler, { redelivery: { max: 2, initialDelayMs: 5 } });
      const letters = (await trial.connect()).consume(DEAD_LETTERS[trial.product]);
      await until("the dead letter", async () => (await drain(letters, 1)).includes(body));
      assert.deepEqual(attempts, [1, 2, 3]);
      await consumer.close();
      await ran;
    },
  },
  {
    name: "a transaction of sends: nothing before the commit, everything after",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const consumer = connection.consume(queue);
      await connection.transaction(async (tx) => {
        for (const body of ["a", "b", "c"]) await tx.send(queue, body);
        await nothing(consumer);
      });
      assert.deepEqual(await drain(consumer, 3), ["a", "b", "c"]);
    },
  },
  {
    name: "a transaction of sends that is rolled back leaves nothing",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const work = connection.transaction(async (tx) => {
        await tx.send(queue, "a");
        throw new Error("changed my mind");
      });
      await assert.rejects(work, /changed my mind/);
      await nothing(connection.consume(queue));
    },
  },
  {
    name: "a transaction that accepts and sends: both with the commit",
    attempt: async (trial) => {
      const { connection, queue, delivery } = await inHand(trial);
      const answers = trial.fresh("queue");
      await connection.transaction(async (tx) => {
        await tx.send(answers, "answer");
        await tx.accept(delivery);
      });
      await connection.close();
      const other = await trial.connect();
      await nothing(other.consume(queue));
      assert.deepEqual(await drain(other.consume(answers), 1), ["answer"]);
    },
  },
  {
    name: "a transaction that accepts and is rolled back: the message comes again",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      await connection.send(queue, "a");
      const consumer = connection.consume(queue);
      const delivery = await take(consumer);
      const work = connection.transaction(async (tx) => {
        await tx.accept(delivery);
        throw new Error("changed my mind");
      });
      await work.catch(unlessItIs(/changed my mind/));
      assert.deepEqual(await drain(consumer, 1), ["a"]);
    },
  },
  {
    name: "run() transacted",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const [queue, answers] = [trial.fresh("queue"), trial.fresh("queue")];
      await connection.send(queue, "a");
      const consumer = connection.consume(queue);
      const ran = consumer.run((message, { transaction }) => transaction?.send(answers, `re ${message.text()}`), {
        transacted: true,
      });
      await Promise.race([ran, take(connection.consume(answers))]);
      await consumer.close();
      await ran;
      assert.equal(connection.stats().transactions.committed, 1);
      await nothing((await trial.connect()).consume(queue));
    },
  },
  {
    name: "deduplicate: a duplicate of an accepted message is not delivered",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const [queue, other] = [trial.fresh("queue"), trial.fresh("queue")];
      const consumer = connection.consume(queue, { deduplicate: { max: 100 } });
      await connection.send(queue, "first", { id: `twin-${other}` });
      await (await take(consumer)).accept();
      await connection.send(queue, "second", { id: `twin-${other}` });
      await connection.send(queue, "third");
      assert.deepEqual(await drain(consumer, 1), ["third"]);
    },
  },
];
