/** What Qpid JMS's failover tests say of sessions, requests and ends (Q44-Q54), over scripted peers. */
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/messaging/receiving/deliveries/delivery.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { StompPeer } from "../../support/peers/stomp-peer.ts";
import { next } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe("what is asked for", () => {
  it("in an outage is done on the next peer: a consumer, a send, a producer", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();

    const connection = connectionTo([first, second], { maxReconnectDelay: 5 });
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    await first.done;
    first.dropAll();
    await interrupted;
    const consumer = connection.consume("in");
    const sends = [connection.send("out", "one"), connection.producer("out").send("two")];
    second.expectConnection();
    second.expectAttach("receiver", "in").answer();
    second.expectAttach("sender", "out").grant();
    second.expectCredit().stayQuiet();
    second.expectTransfer("one").accept();
    second.expectTransfer("two").accept();
    await Promise.all([consumer.ready, ...sends]);
    await second.done;
  });

  it("when the session drops before its begin is answered is done on the next peer", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectBegin().stayQuiet();
    first.expectAttach("receiver", "in").drop();
    second.expectConnection();
    second.expectAttach("receiver", "in").answer();

    const connection = await connectionTo([first, second]).connect();
    await connection.consume("in").ready;
    await Promise.all([first.done, second.done]);
  });

  it("of several kinds at once is all done, though one recovery fails half-way", async () => {
    const [first, second, third] = await AmqpPeer.trio();
    first.expectConnection();
    second.expectConnection();
    second.expectAttach("receiver", "a").answer();
    second.expectAttach("receiver", "b").drop();
    third.expectConnection();
    third.expectAttach("receiver", "a").answer();
    third.expectAttach("receiver", "b").answer();
    third.expectAttach("sender", "c").grant();
    third.expectAttach("sender", "d").grant();
    third.expectTransfer("one").accept();
    third.expectTransfer("two").accept();

    const connection = connectionTo([first, second, third]);
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    await first.done;
    first.dropAll();
    await interrupted;
    const consumers = [connection.consume("a"), connection.consume("b")];
    const sends = [connection.send("c", "one"), connection.send("d", "two")];
    await Promise.all([...consumers.map(({ ready }) => ready), ...sends]);
    await Promise.all([second.done, third.done]);
    // The second peer was never told of the sends: it was gone before they could be written.
    expect(second.transfers).toEqual([]);
  });

  it("over two senders and a receiver goes on after the failover over all three", async () => {
    const [first, second] = await AmqpPeer.pair();
    for (const peer of [first, second]) {
      peer.expectConnection();
      peer.expectAttach("receiver", "in").answer();
      peer.expectAttach("sender", "a").grant();
      peer.expectAttach("sender", "b").grant();
      if (peer === second) peer.expectCredit().deliver("answer");
    }
    first.expectTransfer("one").stayQuiet();
    first.expectTransfer("two").drop();
    second.expectTransfer("one").accept();
    second.expectTransfer("two").accept();

    const connection = await connectionTo([first, second]).connect();
    const reading = connection.consume("in").next();
    const sends = [connection.send("a", "one"), connection.send("b", "two")];
    for (const { resent } of await Promise.all(sends)) expect(resent).toBe(true);
    expect(((await reading) as { value: Delivery }).value.message.text()).toBe("answer");
    await Promise.all([first.done, second.done]);
  });
});

describe("close()", () => {
  it("of a consumer and of a connection with open children resolves though the peer answers none of it", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("receiver", "a").answer();
    peer.expectCredit().stayQuiet();
    peer.expectAttach("receiver", "b").answer();
    peer.expectCredit().stayQuiet();
    peer.expectAttach("sender", "c").grant();
    peer.expectTransfer("one").stayQuiet();

    const connection = await connectionTo([peer]).connect();
    const a = connection.consume("a");
    await a.ready;
    const b = connection.consume("b");
    await b.ready;
    const send = rejectionOf(connection.send("c", "one"));
    await peer.done;
    peer.expectDetach().stayQuiet();
    peer.expectDetach().stayQuiet();
    peer.expectClose().stayQuiet();
    const closingConsumer = a.close();
    await connection.close({ drainTimeoutMs: 10 });
    await closingConsumer;
    expect(await send).toMatchObject({ code: "SEND_IN_DOUBT" });
    expect(await b.next()).toEqual({ done: true, value: undefined });
    expect(await connection.closed).toBeUndefined();
  }, 15_000);

  it("of a connection resolves when the peer drops it instead of answering", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectClose().drop();

    const connection = await connectionTo([peer]).connect();
    await connection.close();
    await peer.done;
    expect(connection.state.name).toBe("closed");
  });

  it("of a consumer resolves when the session drops before its detach is answered", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit().stayQuiet();
    first.expectDetach().drop();
    second.expectConnection();

    const connection = connectionTo([first, second]);
    const restored = next(connection, "restored");
    await connection.connect();
    const consumer = connection.consume("q");
    await consumer.ready;
    await consumer.close();
    await restored;
    await Promise.all([first.done, second.done]);
  });

  it("of a consumer leaves nothing to restore: the next peer is asked for the other one alone", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "closed").answer();
    first.expectCredit().stayQuiet();
    first.expectDetach().detach();
    first.expectAttach("receiver", "kept").answer();
    first.expectCredit().drop();
    second.expectConnection();
    second.expectAttach("receiver", "kept").answer();
    second.expectCredit().stayQuiet();

    const connection = connectionTo([first, second]);
    await connection.connect();
    const consumer = connection.consume("closed");
    await consumer.ready;
    await consumer.close();
    await connection.consume("kept").ready;
    await Promise.all([first.done, second.done]);
    await connection.close();
  });
});

describe("in an outage", () => {
  it("a delivery is settled as stale without waiting, and the broker hears nothing of it", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit().deliver({ body: "one", message_id: "m1" });

    const connection = connectionTo([first, second], { maxReconnectDelay: 5 });
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    const consumer = connection.consume("q");
    const { value } = await consumer.next();
    first.dropAll();
    await interrupted;
    expect(await value.accept()).toBe("stale");
    second.expectConnection();
    second.expectAttach("receiver", "q").answer();
    second.expectCredit().deliver({ body: "one", message_id: "m1" });
    second.expectSettlement("accepted");
    const again = (await consumer.next()).value as Delivery;
    expect(again.redelivered).toBe(true);
    expect(await again.accept()).toBe("settled");
    await second.done;
  });

  it("the endpoint is none, and after the failover the one that took over", async () => {
    const [first, second] = await StompPeer.pair();
    first.expectConnection();

    const connection = connectionTo([first, second], { maxReconnectDelay: 5 });
    const [interrupted, restored] = [next(connection, "interrupted"), next(connection, "restored")];
    await connection.connect();
    await first.done;
    expect(connection.endpoint).toMatchObject({ host: "127.0.0.1", port: first.port });
    first.dropAll();
    expect(await interrupted).toMatchObject({ endpoint: { port: first.port } });
    expect(connection.endpoint).toBeUndefined();
    second.expectConnection();
    await restored;
    expect(connection.endpoint).toMatchObject({ host: "127.0.0.1", port: second.port });
  });
});
