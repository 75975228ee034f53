/**
 * Scenarios of the Java clients' failover tests that need a real pair: transactions and durable subscriptions over a
 * takeover.
 */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type Connection, type ConnectionOptions, createConnection, type Delivery } from "../../src/index.ts";
import { next } from "../support/stories.ts";
import { rejectionOf } from "../support/toy-connection.ts";
import { type RealGroup, startGroup } from "./real-group.ts";

let names = 0;

for (const product of ["classic", "artemis"] as const) {
  describe.sequential(`${product} pair`, () => {
    let group: RealGroup;
    beforeAll(async () => {
      group = await startGroup(product);
    });
    afterAll(() => group?.close());

    describe.sequential.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
      // Artemis applies an ACK in a STOMP transaction at once: tx.accept is refused there.
      const accepts = !(product === "artemis" && protocol === "stomp");

      async function open(options: ConnectionOptions = {}): Promise<Connection> {
        const { credentials } = group;
        const connection = createConnection(group.uri(protocol), { credentials, heartbeatMs: 2_000, ...options });
        onTestFinished(() => connection.close({ drainTimeoutMs: 0 }));
        return connection.connect();
      }

      /** Kills the active member. Resolves when the connections use the other one and the killed one is its standby. */
      async function takeover(...connections: readonly Connection[]): Promise<void> {
        const restored = connections.map((connection) => next(connection, "restored"));
        const active = await group.waitActive();
        await group.kill(active);
        await Promise.all(restored);
        await group.start(active);
      }

      const fresh = (kind = "queue") => `${kind}://open.scenario.${process.pid}.${names++}`;

      async function bodiesIn(connection: Connection, queue: string): Promise<string[]> {
        const consumer = connection.consume(queue);
        const bodies: string[] = [];
        for (;;) {
          const delivery = await consumer.receive({ timeoutMs: 1_000 });
          if (!delivery) break;
          bodies.push(delivery.message.text());
          await delivery.accept();
        }
        await consumer.close();
        return bodies;
      }

      it("rolls back what was sent and accepted before the takeover, and commits what comes after it", async () => {
        const connection = await open();
        const [source, target] = [fresh(), fresh()];
        await connection.send(source, "request");
        const consumer = connection.consume(source, { prefetch: 1 });
        const take = async () => (await consumer.next()).value as Delivery;
        const first = await take();
        const error = await rejectionOf(
          connection.transaction(async (tx) => {
            await tx.send(target, "before");
            if (accepts) await tx.accept(first);
            await takeover(connection);
          }),
        );
        expect(error).toMatchObject({ code: "TRANSACTION_INTERRUPTED" });
        const again = await take();
        expect(again.message.text()).toBe("request");
        await connection.transaction(async (tx) => {
          await tx.send(target, "after");
          if (accepts) await tx.accept(again);
        });
        if (!accepts) await again.accept();
        await consumer.close();
        expect(await bodiesIn(connection, target)).toEqual(["after"]);
        expect(await bodiesIn(connection, source)).toEqual([]);
      });

      it("rolls back without an error, before and after a takeover", async () => {
        const connection = await open();
        const target = fresh();
        const mistake = new Error("the work went wrong");
        const failing = (meanwhile: () => Promise<unknown>) =>
          connection.transaction(async (tx) => {
            await tx.send(target, "never");
            await meanwhile();
            throw mistake;
          });
        expect(await rejectionOf<Error>(failing(async () => {}))).toBe(mistake);
        expect(await rejectionOf(failing(() => takeover(connection)))).toMatchObject({
          code: "TRANSACTION_INTERRUPTED",
        });
        expect(await rejectionOf<Error>(failing(async () => {}))).toBe(mistake);
        expect(await bodiesIn(connection, target)).toEqual([]);
      });

      it("keeps a durable subscription over a takeover, and what was published meanwhile", async () => {
        const publisher = await open();
        const subscriber = await open({ clientId: `scenario-${process.pid}-${names++}` });
        const topic = fresh("topic");
        const consumer = subscriber.consume(topic, { durable: "mine" });
        await consumer.ready;
        const hear = async () => ((await consumer.next()).value as Delivery).message.text();
        await publisher.send(topic, "1");
        expect(await hear()).toBe("1");
        await Promise.all([takeover(publisher, subscriber), publisher.send(topic, "2")]);
        const heard: string[] = [];
        while (!heard.includes("2")) heard.push(await hear());
        // The first delivery was not accepted, so the message comes again.
        expect(heard).toContain("1");
        await consumer.close();
        await subscriber.unsubscribe("mine");
      });
    });
  });
}
