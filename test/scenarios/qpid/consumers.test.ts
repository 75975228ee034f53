/** What Qpid JMS's failover tests say of consumers and links (Q34-Q43), over scripted peers. */
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/messaging/receiving/deliveries/delivery.ts";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { ARTEMIS, CLASSIC, StompPeer } from "../../support/peers/stomp-peer.ts";
import { next } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

describe("a consumer", () => {
  it("that waits for its next delivery is asked for again on the next peer, its prefetch of one as credit", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit(1).drop();
    second.expectConnection();
    second.expectAttach("receiver", "q").answer();
    second.expectCredit(1).deliver("one");

    const connection = await connectionTo([first, second]).connect();
    const { value } = await connection.consume("q", { prefetch: 1 }).next();
    expect(value.message.text()).toBe("one");
    await Promise.all([first.done, second.done]);
  });

  it("over STOMP is asked for again on the next peer, which need not be a broker of the same kind", async () => {
    const [first, second] = await StompPeer.pair();
    first.expectConnection(CLASSIC);
    first.expectSubscribe({ destination: "/queue/q" }).receipt().drop();
    second.expectConnection(ARTEMIS);
    second.expectSubscribe({ destination: "q", "subscription-type": "ANYCAST" }).receipt().deliver("one");

    const connection = await connectionTo([first, second]).connect();
    const { value } = await connection.consume("q").next();
    expect(value.message.text()).toBe("one");
    await Promise.all([first.done, second.done]);
  });

  it("with ten handlers goes on with them on the next peer", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("receiver", "q").answer();
    first.expectCredit(100).deliver("one", "two").drop();
    second.expectConnection();
    second.expectAttach("receiver", "q").answer();
    second.expectCredit(100).deliver("one", "two");
    second.expectSettlement("accepted");

    const connection = await connectionTo([first, second]).connect();
    const restored = next(connection, "restored");
    const worked: string[] = [];
    const running = connection.consume("q").run(
      async (message) => {
        await restored;
        worked.push(message.text());
      },
      { concurrency: 10 },
    );
    await Promise.all([first.done, second.done]);
    await connection.close();
    await running;
    expect(worked).toEqual(["one", "two", "one", "two"]);
  });

  it.each([
    ["with an error", "amqp:resource-deleted"],
    ["without a reason", undefined],
  ])("ends when the broker closes its link %s; the connection and the other consumers go on", async (_, condition) => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("receiver", "q").answer();
    peer.expectCredit().detach(condition);
    peer.expectDetach().stayQuiet();
    peer.expectAttach("receiver", "other").answer();
    peer.expectCredit().deliver("one");

    const connection = await connectionTo([peer]).connect();
    const { code, message } = await rejectionOf(connection.consume("q").next());
    expect(code).toBe("SUBSCRIPTION_REFUSED");
    expect(message).toContain(condition ?? "no reason given");
    const { value } = await connection.consume("other").next();
    expect(value.message.text()).toBe("one");
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0, consumers: 1 });
  });

  it.each([
    ["with an error", "amqp:unauthorized-access"],
    ["without a reason", undefined],
  ])(
    "that the next peer refuses %s ends alone: the session is kept, and what else was there is restored",
    async (_, condition) => {
      const [first, second] = await AmqpPeer.pair();
      first.expectConnection();
      first.expectAttach("receiver", "refused").answer();
      first.expectAttach("receiver", "kept").answer();
      second.expectConnection();
      second.expectAttach("receiver", "refused").refuse(condition);
      second.expectAttach("receiver", "kept").answer();
      second.expectDetach().stayQuiet();
      second.expectCredit().deliver("one");

      const connection = await connectionTo([first, second]).connect();
      const [refused, kept] = [connection.consume("refused"), connection.consume("kept")];
      await Promise.all([refused.ready, kept.ready]);
      const reading = rejectionOf(refused.next());
      first.dropAll();
      expect(await reading).toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
      const { value } = (await kept.next()) as { value: Delivery };
      expect(value.message.text()).toBe("one");
      await second.done;
      expect(connection.stats()).toMatchObject({ failovers: 1, consumers: 1 });
    },
  );

  it("that is refused at its creation rejects, at once or with a detach that comes late; the connection goes on", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("receiver", "a").refuse("amqp:not-found", "no such queue");
    peer.expectDetach().stayQuiet();
    peer.expectAttach("receiver", "b").refuseLate("amqp:unauthorized-access");
    peer.expectDetach().stayQuiet();
    peer.expectAttach("receiver", "c").answer();

    const connection = await connectionTo([peer]).connect();
    expect((await rejectionOf(connection.consume("a").ready)).message).toContain("no such queue");
    expect((await rejectionOf(connection.consume("b").next())).message).toContain("amqp:unauthorized-access");
    await connection.consume("c").ready;
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });
});

describe("a producer", () => {
  it.each([
    ["with an error", "amqp:resource-deleted"],
    ["without a reason", undefined],
  ])("whose link the broker closes %s goes on over a new one", async (_, condition) => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("sender", "q").grant();
    peer.expectTransfer("one").accept();

    const connection = await connectionTo([peer]).connect();
    const producer = connection.producer("q");
    await producer.send("one");
    peer.expectDetach().stayQuiet();
    peer.detachAll(condition);
    await peer.done;
    peer.expectAttach("sender", "q").grant();
    peer.expectTransfer("two").accept();
    await producer.send("two");
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });

  it.each([
    ["with an error", "amqp:unauthorized-access"],
    ["without a reason", undefined],
  ])("that the next peer refuses %s rejects its send alone: the session is kept", async (_, condition) => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("sender", "q").grant();
    first.expectTransfer("one").accept();
    second.expectConnection();
    second.expectAttach("sender", "q").refuse(condition);
    second.expectDetach().stayQuiet();
    second.expectAttach("sender", "other").grant();
    second.expectTransfer("three").accept();

    const connection = await connectionTo([first, second]).connect();
    const producer = connection.producer("q");
    await producer.send("one");
    first.dropAll();
    expect(await rejectionOf(producer.send("two"))).toMatchObject({ code: "SEND_REJECTED" });
    await connection.send("other", "three");
    await second.done;
    expect(connection.stats()).toMatchObject({ failovers: 1 });
  });

  it("that is refused at its first send rejects it, at once or with a detach that comes late; the connection goes on", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("sender", "a").refuse("amqp:not-found", "no such queue");
    peer.expectDetach().stayQuiet();
    peer.expectAttach("sender", "b").refuseLate("amqp:unauthorized-access");
    peer.expectDetach().stayQuiet();
    peer.expectAttach("sender", "c").grant();
    peer.expectTransfer("one").accept();

    const connection = await connectionTo([peer]).connect();
    expect((await rejectionOf(connection.send("a", "x"))).message).toContain("no such queue");
    expect((await rejectionOf(connection.send("b", "x"))).message).toContain("amqp:unauthorized-access");
    await connection.send("c", "one");
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });
});
