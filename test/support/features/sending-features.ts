/** The feature table's rows on messages, sends, requests and flow. */
import assert from "node:assert/strict";
import { MessageTooLargeError, PoisonSendError, SendRejectedError } from "../../../src/errors/errors.ts";
import type { MessageBody } from "../../../src/messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../../src/messaging/messages/received-message.ts";
import type { SendOptions } from "../../../src/messaging/sending/call-options.ts";
import { drain, type Feature, nothing, type Trial, take } from "./feature.ts";

/** The parts of a message that arrive. */
async function arrived(trial: Trial, body: MessageBody, options: SendOptions = {}): Promise<ReceivedMessage> {
  const connection = await trial.connect();
  const queue = trial.fresh("queue");
  await connection.send(queue, body, options);
  return (await take(connection.consume(queue))).message;
}

/**
 * More than any broker accepts, except Artemis, which has no limit and takes half a minute over STOMP for this much.
 */
function largeBytes({ product, protocol }: Trial): number {
  return (product === "artemis" && protocol === "stomp" ? 20 : 80) * 1024 * 1024;
}

export const SENDING: readonly Feature[] = [
  {
    name: "text stays text",
    attempt: async (trial) => {
      const message = await arrived(trial, "a€😀\nline");
      assert.equal(message.kind, "text");
      assert.equal(message.text(), "a€😀\nline");
    },
  },
  {
    name: "bytes stay bytes",
    attempt: async (trial) => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
      const message = await arrived(trial, bytes);
      assert.equal(message.kind, "bytes");
      assert.ok(message.bytes().equals(bytes));
    },
  },
  {
    name: "JSON with its content type",
    attempt: async (trial) => {
      const message = await arrived(trial, { sku: 1 });
      assert.deepEqual(message.json(), { sku: 1 });
      assert.equal(message.contentType, "application/json");
    },
  },
  {
    name: "correlation id, reply address, type, id",
    attempt: async (trial) => {
      const id = `id-${trial.fresh("queue")}`;
      const message = await arrived(trial, "a", { id, correlationId: "c", replyTo: "queue://answers", type: "order" });
      const { correlationId, replyTo, type } = message;
      assert.deepEqual(
        { id: message.id, correlationId, replyTo, type },
        { id, correlationId: "c", replyTo: "queue://answers", type: "order" },
      );
    },
  },
  {
    name: "property values keep their types",
    attempt: async (trial) => {
      const properties = { text: "a", whole: 7, fraction: 1.5, yes: true };
      const expected =
        trial.protocol === "amqp"
          ? properties
          : Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, String(value)]));
      const message = await arrived(trial, "a", { properties });
      const found = Object.fromEntries(Object.keys(properties).map((name) => [name, message.properties[name]]));
      assert.deepEqual(found, expected);
      if (trial.protocol === "stomp") throw new TextOnly();
    },
  },
  {
    name: "priority: the more urgent first",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      await connection.send(queue, "9", { priority: 9 });
      const { message } = await take(connection.consume(queue));
      assert.equal(message.priority, 9);
    },
  },
  {
    name: "time to live: an expired message is not delivered",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      await connection.send(queue, "brief", { ttlMs: 300 });
      await connection.send(queue, "long", { ttlMs: 60_000 });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.deepEqual(await drain(connection.consume(queue), 1), ["long"]);
    },
  },
  {
    name: "message groups: one consumer for each, in order",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const consumers = [connection, await trial.connect()].map((each) => each.consume(queue, { prefetch: 1 }));
      for (const { ready } of consumers) await ready;
      const bodies = Array.from({ length: 10 }, (_, index) => `${index}`);
      for (const [index, body] of bodies.entries()) {
        await connection.send(queue, body, { groupId: "g", groupSequence: index + 1 });
      }
      const shares = await Promise.all(consumers.map((each) => drain(each, 0)));
      assert.deepEqual(
        shares.filter((share) => share.length > 0),
        [bodies],
      );
    },
  },
  {
    name: "group id and sequence arrive",
    attempt: async (trial) => {
      const { groupId, groupSequence } = await arrived(trial, "a", { groupId: "g", groupSequence: 3 });
      if (groupId === undefined && trial.protocol === "stomp" && trial.product === "classic") throw new GroupUntold();
      assert.deepEqual({ groupId, groupSequence }, { groupId: "g", groupSequence: 3 });
    },
  },
  {
    name: "delayMs: delivered later",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      const sentAt = Date.now();
      await connection.send(queue, "later", { delayMs: 2_000 });
      const consumer = connection.consume(queue);
      await nothing(consumer);
      assert.equal((await take(consumer)).message.text(), "later");
      assert.ok(Date.now() - sentAt > 1_500, "it came too early");
    },
  },
  {
    name: "persistent: false",
    attempt: async (trial) => {
      assert.equal((await arrived(trial, "a", { persistent: false })).persistent, false);
      assert.equal((await arrived(trial, "a")).persistent, true);
    },
  },
  {
    name: "a refused send rejects alone",
    attempt: async (trial) => {
      const connection = await trial.connect({
        credentials: { username: "restricted", password: "restricted-password" },
      });
      const open = trial.fresh("queue", "open.");
      const sends = [
        connection.send(open, "a"),
        connection.send(trial.fresh("queue"), "no"),
        connection.send(open, "b"),
      ];
      const [a, refused, b] = await Promise.allSettled(sends);
      assert.deepEqual([a?.status, refused?.status, b?.status], ["fulfilled", "rejected", "fulfilled"]);
      assert.ok(refused?.status === "rejected" && refused.reason instanceof SendRejectedError);
    },
  },
  {
    name: "request and reply",
    attempt: async (trial) => {
      const queue = trial.fresh("queue");
      const responder = (await trial.connect()).respond(queue, (message) => `re ${message.text()}`);
      await responder.ready;
      const connection = await trial.connect();
      const answers = await Promise.all(
        ["a", "b", "c"].map((body) => connection.request(queue, body, { timeoutMs: 10_000 })),
      );
      assert.deepEqual(
        answers.map((answer) => answer.text()),
        ["re a", "re b", "re c"],
      );
      await responder.close();
    },
  },
  {
    name: "request and reply over a temporary queue",
    attempt: async (trial) => {
      const queue = trial.fresh("queue");
      const responder = (await trial.connect()).respond(queue, (message) => `re ${message.text()}`);
      await responder.ready;
      const connection = await trial.connect();
      const answer = await connection.request(queue, "a", { temporary: true, timeoutMs: 10_000 });
      assert.equal(answer.text(), "re a");
      await responder.close();
    },
  },
  {
    name: "a second send with the same id is stored once",
    attempt: async (trial) => {
      const connection = await trial.connect();
      const queue = trial.fresh("queue");
      for (const body of ["first", "second"]) await connection.send(queue, body, { id: `same-${queue}` });
      const texts = await drain(connection.consume(queue), 1);
      if (texts.length === 2) throw new StoredTwice();
      assert.deepEqual(texts, ["first"]);
    },
  },
  {
    name: "a message larger than the broker takes rejects, the rest is confirmed",
    attempt: async (trial) => {
      const connection = await trial.connect({ maxPendingBytes: 200 * 1024 * 1024 });
      const queue = trial.fresh("queue");
      const large = connection.send(queue, Buffer.alloc(largeBytes(trial)));
      const others = [connection.send(queue, "a"), connection.send(queue, "b")];
      const [found] = await Promise.allSettled([large]);
      await Promise.all(others);
      if (found?.status === "fulfilled") throw new NoLimit();
      if (found?.reason instanceof PoisonSendError && trial.product === "classic") throw new FoundAsPoison();
      assert.ok(found?.reason instanceof MessageTooLargeError, String(found?.reason));
    },
  },
];

/** Features that neither work nor are refused; the table says so. */
export class Remark extends Error {}

class TextOnly extends Remark {
  constructor() {
    super("as text: STOMP has nothing else");
  }
}

class GroupUntold extends Remark {
  constructor() {
    super("not told: Classic forms the groups, and leaves these headers out of what it sends to STOMP consumers");
  }
}

class StoredTwice extends Remark {
  constructor() {
    super("stored twice, with the same id: Classic does not look for twins over this protocol");
  }
}

class FoundAsPoison extends Remark {
  constructor() {
    super(
      "it rejects with `POISON_SEND`: over AMQP Classic closes the connection with `amqp:decode-error` and names neither the message nor its limit",
    );
  }
}

class NoLimit extends Remark {
  constructor() {
    super("no limit: it was stored");
  }
}
