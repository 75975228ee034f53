/** What a connection does at its limits on real brokers: an unsettled message, one too large, a broker that has stopped. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../src/connect/connect-options.ts";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { LEAVE_TIMEOUT_MS } from "../../src/messaging/recovery/session-recovery.ts";
import { type Product, type Protocol, type RealGroup, startGroup } from "./real-group.ts";

const PRODUCTS: readonly Product[] = ["classic", "artemis"];
const PROTOCOLS: readonly Protocol[] = ["amqp", "stomp"];
const PATIENCE = { timeoutMs: 20_000 };
/** rhea's incoming window is of 2,048 deliveries, and our link's of four times that: one more stood still. */
const PAST_THE_WINDOW = 8_193;

describe.each(PRODUCTS)("a connection to %s", (product) => {
  let group: RealGroup;
  const connections: Connection[] = [];
  let names = 0;
  const fresh = () => `open.limits.${++names}`;
  const deadLetters = product === "classic" ? "queue://ActiveMQ.DLQ" : "queue://DLQ";

  const open = async (protocol: Protocol, options: ConnectionOptions = {}) => {
    const connection = await connect(group.uri(protocol), { credentials: group.credentials, ...options });
    connections.push(connection);
    return connection;
  };

  beforeAll(async () => {
    group = await startGroup(product);
  }, 600_000);
  afterEach(async () => {
    await Promise.all(connections.splice(0).map((connection) => connection.close({ drainTimeoutMs: 200 })));
  });
  afterAll(() => group?.close());

  it("delivers all messages over AMQP but the one that is never settled, far past any window", async () => {
    const queue = `queue://${fresh()}`;
    const connection = await open("amqp");
    const consumer = connection.consume(queue, { prefetch: 100 });
    await consumer.ready;
    const all = new Set(Array.from({ length: PAST_THE_WINDOW }, (_, n) => `${n}`));
    const sends = [...all].map((body) => connection.send(queue, body, { persistent: false }));
    const settled: Promise<unknown>[] = [];
    for (let n = 0; n < PAST_THE_WINDOW; n++) {
      const delivery = await consumer.receive(PATIENCE);
      if (!delivery) break;
      all.delete(delivery.message.text());
      if (n > 0) settled.push(delivery.accept());
    }
    expect(all.size).toBe(0);
    await Promise.all([...sends, ...settled]);
    expect(connection.stats()).toMatchObject({ unsettled: 1, failovers: 0 });
  });

  it.each(PROTOCOLS)("rejects a message above maxMessageBytes, says so and goes on (%s)", async (protocol) => {
    const queue = `queue://${fresh()}`;
    const [sender, reader] = [await open(protocol), await open(protocol, { maxMessageBytes: 10_000 })];
    const [warnings, losses]: [string[], string[]] = [[], []];
    reader.on("warning", ({ code, message }) => warnings.push(`${code}: ${message}`));
    reader.on("interrupted", ({ cause }) => losses.push(cause.message));
    const consumer = reader.consume(queue);
    await consumer.ready;
    const id = `large-${protocol}`;
    const take = async (from: Pick<typeof consumer, "receive">) => {
      const delivery = await from.receive(PATIENCE);
      await delivery?.accept();
      return delivery?.message;
    };
    await sender.send(queue, "before");
    expect((await take(consumer))?.text()).toBe("before");
    await sender.send(queue, "x".repeat(300_000), { id });
    await sender.send(queue, "behind");
    if (product === "artemis" && protocol === "stomp") {
      // The message would be lost if it were rejected: it stays in the queue, and the consumer says why it ends.
      await expect(take(consumer)).rejects.toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
      const other = sender.consume(queue);
      expect([(await take(other))?.id, (await take(other))?.text()]).toEqual([id, "behind"]);
    } else {
      expect((await take(consumer))?.text()).toBe("behind");
      expect((await take(sender.consume(deadLetters)))?.id).toBe(id);
    }
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^MESSAGE_TOO_LARGE: .*${id}.* 3001?\\d+ .*10000`))]);
    expect(losses).toEqual([]);
    expect(reader.stats()).toMatchObject({ state: "connected", unreadable: 1 });
  });

  if (product === "artemis") {
    it("stores what is sent over AMQP to a queue of a topic, named by its address, and hands it out from there", async () => {
      const name = fresh();
      const subscriber = await open("amqp", { clientId: `client-${name}` });
      const durable = subscriber.consume(`topic://${name}`, { durable: "audit" });
      await durable.ready;
      await durable.close();
      const queue = `queue://${name}::client-${name}.audit`;
      const other = await open("amqp");
      await other.send(queue, "stored");
      const direct = await other.consume(queue).receive(PATIENCE);
      expect(direct?.message.text()).toBe("stored");
      await direct?.release();
    });

    it.each([
      ["that does not exist yet", () => fresh()],
      ["of another name than its address", () => "other"],
    ])("stores what is sent over AMQP to a queue %s, named by its address", async (_, queueOf) => {
      const name = fresh();
      const queue = `queue://${name}::${queueOf()}`;
      const connection = await open("amqp");
      await connection.send(queue, "stored");
      const delivery = await connection.consume(queue).receive(PATIENCE);
      expect(delivery?.message.text()).toBe("stored");
      await delivery?.accept();
    });
  }

  it.each(PROTOCOLS)(
    "leaves a broker that has stopped within the documented time, without draining (%s)",
    async (protocol) => {
      const connection = await open(protocol, { heartbeatMs: 0 });
      const consumer = connection.consume(`queue://${fresh()}`);
      await consumer.ready;
      await group.pause("a");
      try {
        const unanswered = connection.send(`queue://${fresh()}`, "x").catch(({ code }) => code);
        const startedAt = performance.now();
        await connection.close({ drainTimeoutMs: 0 });
        // Closing once took twice LEAVE_TIMEOUT_MS; the time between 1 and 1.75 of it is for a machine that is busy.
        expect((performance.now() - startedAt) / LEAVE_TIMEOUT_MS).toBeLessThan(1.75);
        expect(await unanswered).toMatch(/SEND_IN_DOUBT|CONNECTION_CLOSED/);
      } finally {
        await group.resume("a");
      }
    },
  );
});
