/** The feature table's rows on consumers and subscriptions. */
import assert from "node:assert/strict";
import type { ConnectionWarning } from "../../../src/messaging/port/adapter-settings.ts";
import { drain, type Feature, nothing, take, until } from "./feature.ts";

export const CONSUMING: readonly Feature[] = [
  {
    name: "prefetch bounds what is unsettled; each settlement lets the next one come",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      for (const body of ["a", "b", "c"]) await connection.send(queue, body);
      const one = connection.consume(queue, { prefetch: 1 });
      const first = await take(one);
      const other = (await trial.connect()).consume(queue);
      assert.deepEqual((await drain(other, 2)).sort(), ["b", "c"]);
      await first.accept();
      await connection.send(queue, "d");
      const next = await Promise.race([one.receive(), other.receive()]);
      assert.equal(next?.message.text(), "d");
    },
  },
  {
    name: "pause() and resume()",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const consumer = connection.consume(queue);
      await consumer.ready;
      consumer.pause();
      await connection.send(queue, "a");
      await nothing(consumer);
      consumer.resume();
      assert.equal((await take(consumer)).message.text(), "a");
    },
  },
  {
    name: "drain(): delivered messages are settled, the rest goes back",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      for (const body of ["a", "b", "c"]) await connection.send(queue, body);
      const consumer = connection.consume(queue);
      const first = await take(consumer);
      const drained = consumer.drain();
      await first.accept();
      await drained;
      assert.deepEqual(await drain(connection.consume(queue), 2), ["b", "c"]);
    },
  },
  {
    name: "selectors",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      await connection.send(queue, "no", { properties: { region: "us", size: 1 } });
      await connection.send(queue, "yes", { properties: { region: "eu", size: 7 } });
      const consumer = connection.consume(queue, { selector: "region = 'eu'" });
      assert.deepEqual(await drain(consumer, 1), ["yes"]);
      await consumer.close();
      assert.deepEqual(await drain(connection.consume(queue), 1), ["no"]);
    },
  },
  {
    name: "an exclusive consumer",
    attempt: async (trial) => {
      const queue = trial.fresh("queue");
      const first = (await trial.connect()).consume(queue, { exclusive: true });
      await first.ready;
      const connection = await trial.connect();
      const second = connection.consume(queue);
      await second.ready;
      for (const body of ["a", "b", "c", "d"]) await connection.send(queue, body);
      assert.deepEqual(await drain(first, 4), ["a", "b", "c", "d"]);
      await nothing(second);
    },
  },
  {
    name: "browse(): shows everything, removes nothing",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const sent = Array.from({ length: 250 }, (_, index) => `${index}`);
      await Promise.all(sent.map((body) => connection.send(queue, body)));
      const seen: string[] = [];
      for await (const message of connection.browse(queue)) seen.push(message.text());
      assert.deepEqual(seen, sent);
      assert.deepEqual(await drain(connection.consume(queue), sent.length), sent);
    },
  },
  {
    name: "browse() with a selector",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      for (const region of ["us", "eu"]) await connection.send(queue, region, { properties: { region } });
      const seen: string[] = [];
      for await (const message of connection.browse(queue, { selector: "region = 'eu'" })) seen.push(message.text());
      assert.deepEqual(seen, ["eu"]);
    },
  },
  {
    name: "topics: every subscriber gets every message",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const topic = trial.fresh("topic");
      const consumers = [connection.consume(topic), (await trial.connect()).consume(topic)];
      for (const { ready } of consumers) await ready;
      await connection.send(topic, "a");
      for (const consumer of consumers) assert.equal((await take(consumer)).message.text(), "a");
    },
  },
  {
    name: "a durable subscription keeps messages while nobody consumes",
    attempt: async (trial) => {
      const topic = trial.fresh("topic");
      const clientId = `client-${topic}`;
      const first = await trial.connect({ clientId });
      await first.consume(topic, { durable: "audit" }).ready;
      await first.close();
      await (await trial.connect()).send(topic, "while away");
      const second = await trial.connect({ clientId });
      assert.deepEqual(await drain(second.consume(topic, { durable: "audit" }), 1), ["while away"]);
    },
  },
  {
    name: "closing the consumer keeps its durable subscription; unsubscribe() deletes it",
    attempt: async (trial) => {
      const topic = trial.fresh("topic");
      const connection = await trial.connect({ clientId: `client-${topic}` });
      const consume = async () => {
        const consumer = connection.consume(topic, { durable: "audit" });
        await consumer.ready;
        return consumer;
      };
      await (await consume()).close();
      await connection.send(topic, "kept");
      const second = await consume();
      assert.deepEqual(await drain(second, 1), ["kept"]);
      await second.close();
      await connection.unsubscribe("audit");
      await connection.send(topic, "lost");
      await nothing(await consume());
    },
  },
  {
    name: "a durable subscription that another live client has: a warning, tried again, given when that client leaves",
    attempt: async (trial) => {
      const topic = trial.fresh("topic");
      const warnings: ConnectionWarning[] = [];
      const clientId = `client-${topic}`;
      const first = await trial.connect({ clientId });
      await first.consume(topic, { durable: "audit" }).ready;
      const second = await trial.connect({ clientId, initialConnect: "fail-fast" }).catch((error: Error) => error);
      if (second instanceof Error) {
        // The whole connection is refused. The text names the cause, and connect() decides whether to try again.
        assert.match(second.message, /clientId/);
        return;
      }
      second.on("warning", (warning) => warnings.push(warning));
      const consumer = second.consume(topic, { durable: "audit" });
      if (trial.protocol === "amqp") await until("a warning", () => warnings.length > 0);
      await first.close();
      await consumer.ready;
    },
  },
  {
    name: "a shared subscription: each message to one of its consumers",
    attempt: async (trial) => {
      const topic = trial.fresh("topic");
      const name = `team-${topic.replaceAll(/\W/g, "")}`;
      const connection = await trial.connect();
      const consumers = [connection, await trial.connect()].map((each) =>
        each.consume(topic, { shared: name, prefetch: 1 }),
      );
      for (const { ready } of consumers) await ready;
      for (const body of ["a", "b", "c", "d"]) await connection.send(topic, body);
      const shares = await Promise.all(consumers.map((each) => drain(each, 0)));
      assert.deepEqual(shares.flat().sort(), ["a", "b", "c", "d"]);
    },
  },
  {
    name: "a shared durable subscription keeps messages while nobody consumes",
    attempt: async (trial) => {
      const topic = trial.fresh("topic");
      const name = `team-${topic.replaceAll(/\W/g, "")}`;
      // On Artemis over STOMP, consumers that share a subscription have the same client id.
      const shareOneId = trial.product === "artemis" && trial.protocol === "stomp";
      const sharing = shareOneId ? { clientId: name } : {};
      const connection = await trial.connect(sharing);
      const first = connection.consume(topic, { sharedDurable: name });
      await first.ready;
      await first.close();
      await connection.send(topic, "while away");
      const second = (await trial.connect(sharing)).consume(topic, { sharedDurable: name });
      assert.deepEqual(await drain(second, 1), ["while away"]);
      await second.close();
      await connection.unsubscribe(name, { shared: true });
    },
  },
  {
    name: "topic wildcards: `*` for one word, `>` at the end for any number",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const base = trial.fresh("topic");
      const any = connection.consume(`${base}.>`);
      const word = connection.consume(`${base}.*.price`);
      await any.ready;
      await word.ready;
      for (const rest of ["eu.price", "eu.volume", "eu.de.price"]) await connection.send(`${base}.${rest}`, rest);
      assert.deepEqual(await drain(any, 3), ["eu.price", "eu.volume", "eu.de.price"]);
      assert.deepEqual(await drain(word, 1), ["eu.price"]);
    },
  },
  {
    name: "queue wildcards",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const base = trial.fresh("queue");
      await connection.send(`${base}.one`, "one");
      await connection.send(`${base}.two`, "two");
      assert.deepEqual((await drain(connection.consume(`${base}.>`), 2)).sort(), ["one", "two"]);
    },
  },
  {
    name: "one send to several destinations (`queue://a,topic://b`)",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const [queue, topic] = [trial.fresh("queue"), trial.fresh("topic")];
      const listener = connection.consume(topic);
      await listener.ready;
      await connection.send(`${queue},${topic}`, "both");
      assert.deepEqual(await drain(listener, 1), ["both"]);
      assert.deepEqual(await drain(connection.consume(queue), 1), ["both"]);
    },
  },
  {
    name: "one consumer of several destinations (`queue://a,queue://b`)",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queues = [trial.fresh("queue"), trial.fresh("queue")];
      for (const queue of queues) await connection.send(queue, queue);
      assert.deepEqual((await drain(connection.consume(queues.join(",")), 2)).sort(), [...queues].sort());
    },
  },
];
