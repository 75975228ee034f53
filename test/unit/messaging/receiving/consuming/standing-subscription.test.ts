/** A consumer that is closed while its subscription changes its state stays closed. */
import { describe, expect, it } from "vitest";
import type { Connection } from "../../../../../src/messaging/connection/connection.ts";
import type { Consumer } from "../../../../../src/messaging/receiving/consuming/consumer.ts";
import { fateOf, forbidUnhandledRejections, toyConnected } from "../../../../support/toy-connection.ts";
import { turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const PRICES = "topic://prices";
const DONE = { kind: "resolved", value: { done: true, value: undefined } };

type Act = (consumer: Consumer, connection: Connection) => unknown;

/** A handler that does `act` in an abort listener of its signal, and ends then. */
async function closingWhenAborted(act: Act) {
  const toy = await toyConnected({ clientId: "c", durableRetryMs: 60_000 });
  const consumer = toy.connection.consume(PRICES, { durable: "d" });
  await consumer.ready;
  const running = consumer.run(
    (_, { signal }) =>
      new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => {
          act(consumer, toy.connection);
          resolve();
        });
      }),
  );
  for (const body of ["a", "b"]) toy.session.to(PRICES).deliver(body);
  await turns();
  return { ...toy, consumer, running };
}

describe("a consumer closed by an abort listener of its handler", () => {
  const acts: readonly (readonly [string, Act])[] = [
    ["close() of the consumer", (consumer) => void consumer.close()],
    ["drain() of the consumer", (consumer) => void consumer.drain()],
    ["close() of the connection", (_, connection) => void connection.close()],
  ];

  it.each(acts)("as its session ends stays closed, and run() and next() end: %s", async (_, act) => {
    const { session, broker, connection, consumer, running } = await closingWhenAborted(act);
    session.die();
    await turns(6);
    expect(await fateOf(running)).toEqual({ kind: "resolved", value: undefined });
    expect(await fateOf(consumer.next())).toEqual(DONE);
    expect(connection.stats().consumers).toBe(0);
    if (connection.state.name !== "closed") await broker.opened(2);
    expect(broker.sessions.slice(1).flatMap(({ log }) => log.filter((line) => line.startsWith("subscribe")))).toEqual(
      [],
    );
  });

  it.each(acts)(
    "as its subscription is refused for now stays closed and is not asked for again: %s",
    async (_, act) => {
      const { session, connection, consumer, running, told } = await closingWhenAborted(act);
      session.to(PRICES).refuse("in use", true);
      await turns(6);
      expect(await fateOf(running)).toEqual({ kind: "resolved", value: undefined });
      expect(await fateOf(consumer.next())).toEqual(DONE);
      expect(connection.stats().consumers).toBe(0);
      // The first retry would come after 250 ms.
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(session.log.filter((line) => line.startsWith("subscribe"))).toHaveLength(1);
      expect(told.filter(({ name }) => name === "warning")).toEqual([]);
    },
  );

  it("hands nothing over to a reader who asks in that listener, though messages had arrived", async () => {
    const asked: ReturnType<Consumer["next"]>[] = [];
    const { consumer, running } = await closingWhenAborted((reader) => asked.push(reader.next()));
    await consumer.close();
    expect(await Promise.all(asked)).toEqual([DONE.value]);
    await running;
  });

  it("while it drains, as its session ends, is told of the end of the session", async () => {
    const reasons: unknown[] = [];
    const { connection, session } = await toyConnected();
    const consumer = connection.consume("queue://orders");
    await consumer.ready;
    const running = consumer.run(
      (_, { signal }) =>
        new Promise<void>((resolve) => {
          signal.addEventListener("abort", () => {
            reasons.push(signal.reason);
            void consumer.close();
            resolve();
          });
        }),
    );
    session.to("queue://orders").deliver("a");
    await turns();
    const drained = consumer.drain();
    session.die();
    await Promise.all([drained, running]);
    expect(reasons).toMatchObject([{ code: "STALE_DELIVERY", cause: { code: "SESSION_LOST" } }]);
  });
});
