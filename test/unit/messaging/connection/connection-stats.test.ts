/** What stats() says of each destination. */
import { describe, expect, it } from "vitest";
import { failover, rejectionOf, take, toyConnected } from "../../../support/toy-connection.ts";
import { turns } from "../../../support/toy-messaging-session.ts";

const ORDERS = "queue://orders";

describe("stats() by destination", () => {
  it("counts sends that were asked for, confirmed and rejected", async () => {
    const { connection } = await toyConnected({ maxPendingBytes: 1_000 });
    await connection.send(ORDERS, "one");
    await connection.producer("/queue/orders").send("two");
    await rejectionOf(connection.send(ORDERS, "x".repeat(2_000)));
    await connection.send("topic://prices", "three");
    const { destinations, confirmed, failed } = connection.stats();
    expect(destinations[ORDERS]?.sends).toEqual({ sent: 3, confirmed: 2, rejected: 1 });
    expect(destinations["topic://prices"]?.sends).toEqual({ sent: 1, confirmed: 1, rejected: 0 });
    expect([confirmed, failed]).toEqual([3, 1]);
  });

  it("counts deliveries by what became of them, and what this connection was handed twice", async () => {
    const { connection, broker, session } = await toyConnected();
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    for (const body of ["a", "b", "c"]) session.to(ORDERS).deliver(body);
    const [a, b, c] = [await take(consumer), await take(consumer), await take(consumer)];
    await a?.accept();
    await b?.reject("no");
    await c?.release();
    session.to(ORDERS).deliver("d");
    await take(consumer);
    const next = await failover(broker);
    await turns();
    next.to(ORDERS).deliver("d");
    await (await take(consumer)).accept();
    const { destinations, ...totals } = connection.stats();
    const figures = { received: 5, redelivered: 1, redeliveredHere: 1, accepted: 2, rejected: 1, released: 1 };
    expect(destinations[ORDERS]?.deliveries).toEqual({ ...figures, handlerFailures: 0 });
    expect(totals).toMatchObject({ ...figures, handlerFailures: 0 });
    expect(destinations[ORDERS]?.sends.sent).toBe(0);
  });

  it("counts the calls of handlers that threw where their consumer is", async () => {
    const { connection, session } = await toyConnected();
    connection.on("handlerFailed", () => {});
    const consumer = connection.consume(ORDERS);
    const ran = consumer.run(
      () => {
        throw new Error("typo");
      },
      { redelivery: { max: 1, initialDelayMs: 0 } },
    );
    await consumer.ready;
    session.to(ORDERS).deliver("a");
    while (connection.stats().rejected === 0) await turns();
    await consumer.close();
    await ran;
    expect(connection.stats().destinations[ORDERS]?.deliveries).toMatchObject({ handlerFailures: 2, rejected: 1 });
  });
});
