/** What Qpid JMS's failover tests say of pulling, browsing and durable subscriptions (Q34-Q36), over scripted peers. */
import { describe, expect, it } from "vitest";
import { readTerminus } from "../../support/peers/amqp-frames.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { StompPeer } from "../../support/peers/stomp-peer.ts";
import { next } from "../../support/stories.ts";
import { forbidUnhandledRejections } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe("receive()", () => {
  it.each([
    ["without a limit", {}],
    ["with a time that is long enough", { timeoutMs: 10_000 }],
  ])("%s that waits when the session drops gets what the next peer delivers", async (_, wait) => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit(1).drop();
    second.expectConnection();
    second.expectAttach("receiver", "q").answer();
    second.expectCredit(1).deliver("one");

    const connection = await connectionTo([first, second]).connect();
    const delivery = await connection.consume("q", { prefetch: 1 }).receive(wait);
    expect(delivery?.message.text()).toBe("one");
    await Promise.all([first.done, second.done]);
  });

  it("with a short time ends without a delivery in an outage too, and the next call gets the next delivery", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit().stayQuiet();

    const connection = connectionTo([first, second], { maxReconnectDelay: 5 });
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    const consumer = connection.consume("q");
    await first.done;
    expect(await consumer.receive({ timeoutMs: 20 })).toBeUndefined();
    first.dropAll();
    await interrupted;
    expect(await consumer.receive({ timeoutMs: 20 })).toBeUndefined();
    const later = consumer.receive();
    second.expectConnection();
    second.expectAttach("receiver", "q").answer();
    second.expectCredit().deliver("one");
    expect((await later)?.message.text()).toBe("one");
    await second.done;
  });
});

describe("a browser", () => {
  it("whose drain a drop interrupts begins again on the next peer, and shows nothing twice", async () => {
    const [first, second] = await AmqpPeer.pair();
    for (const peer of [first, second]) peer.letSettlementsPass();
    const message = (n: number) => ({ body: `${n}`, message_id: `m${n}` });
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectDrain().deliver(message(1), message(2));
    second.expectConnection();
    second.expectAttach("receiver", "q").answer();
    second.expectDrain().drain(message(1), message(2), message(3));

    const connection = await connectionTo([first, second]).connect();
    const shown: string[] = [];
    for await (const { id } of connection.browse("q")) {
      shown.push(`${id}`);
      if (shown.length === 2) first.dropAll();
    }
    expect(shown).toEqual(["m1", "m2", "m3"]);
    expect(readTerminus(second.lines[0]?.links[0]?.attach["source"])["distribution_mode"]).toBe("copy");
    await Promise.all([first.done, second.done]);
  });
});

describe("a durable subscription", () => {
  it("is attached to again by its name and as durable, and goes on", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectSasl().accept();
    first.expectOpen({ container_id: "me" }).answer();
    first.expectAttach("receiver", "prices").answer();
    first.expectCredit().deliver("one").drop();
    second.expectSasl().accept();
    second.expectOpen({ container_id: "me" }).answer();
    second.expectAttach("receiver", "prices").answer();
    second.expectCredit().deliver("two");

    const connection = await connectionTo([first, second], { clientId: "me" }).connect();
    const consumer = connection.consume("topic://prices", { durable: "mine" });
    const bodies = new Set<string>();
    while (!bodies.has("two")) {
      const delivery = await consumer.receive();
      bodies.add(delivery?.message.text() ?? "closed");
    }
    await Promise.all([first.done, second.done]);
    for (const peer of [first, second]) {
      const link = peer.lines[0]?.links[0];
      expect(link?.name).toBe("mine");
      expect(readTerminus(link?.attach["source"])).toMatchObject({ durable: 2, expiry_policy: "never" });
    }
  });

  it("over STOMP is asked for again by its client id and name", async () => {
    const [first, second] = await StompPeer.pair();
    const named = { destination: "/topic/prices", "activemq.subscriptionName": "mine" };
    first.expectConnect({ "client-id": "me" }).connected();
    first.expectSubscribe(named).receipt().drop();
    second.expectConnect({ "client-id": "me" }).connected();
    second.expectSubscribe(named).receipt().deliver("one");

    const connection = await connectionTo([first, second], { clientId: "me" }).connect();
    const delivery = await connection.consume("topic://prices", { durable: "mine" }).receive();
    expect(delivery?.message.text()).toBe("one");
    await Promise.all([first.done, second.done]);
  });

  it("that the next peer still holds for the session before is asked for again until it is free", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "prices").answer();
    first.expectCredit().drop();
    second.expectConnection();
    second.expectAttach("receiver", "prices").refuse("amqp:internal-error", "another consumer has it");
    second.expectDetach().stayQuiet();
    second.expectAttach("receiver", "prices").answer();
    second.expectCredit().deliver("one");

    const connection = await connectionTo([first, second], { clientId: "me" }).connect();
    const delivery = await connection.consume("topic://prices", { durable: "mine" }).receive();
    expect(delivery?.message.text()).toBe("one");
    await Promise.all([first.done, second.done]);
  });
});
