/** What Qpid JMS's failover tests say of temporary destinations and of requests in time (Q42, Q43, Q48), over scripted peers. */
import { describe, expect, it } from "vitest";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

const temporary = true;

describe("a temporary reply queue", () => {
  it("is made again by the next peer under a new address, which the next request names", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectDynamicReceiver().answer("temp-1");
    first.expectCredit().stayQuiet();
    first.expectAttach("sender", "quotes").grant();
    first.expectTransfer("one").accept();
    second.expectConnection();
    second.expectDynamicReceiver().answer("temp-2");
    second.expectCredit().stayQuiet();

    const connection = await connectionTo([first, second]).connect();
    const one = rejectionOf(connection.request("quotes", "one", { temporary }));
    await first.done;
    first.dropAll();
    expect(await one).toMatchObject({ code: "REQUEST_INTERRUPTED" });
    await second.done;
    second.expectAttach("sender", "quotes").grant();
    second.expectTransfer("two").accept();
    const two = connection.request("quotes", "two", { temporary });
    await second.done;
    const [{ reply_to, correlation_id } = {}] = second.transfers;
    expect(first.transfers[0]?.reply_to).toBe("temp-1");
    expect(reply_to).toBe("temp-2");
    second.letSettlementsPass();
    second.deliver({ body: "answer", correlation_id: `${correlation_id}` });
    expect((await two).text()).toBe("answer");
  });

  it("that is refused rejects the request; the connection goes on", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectDynamicReceiver().refuse("amqp:unauthorized-access", "no temporary queues for you");
    peer.expectDetach().stayQuiet();
    peer.expectAttach("sender", "q").grant();
    peer.expectTransfer("one").accept();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.request("quotes", "one", { temporary }));
    expect(error.message).toContain("no temporary queues for you");
    await connection.send("q", "one");
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });

  it("that is asked for in an outage is given up in time", async () => {
    const peer = await AmqpPeer.listen();
    const connection = connectionTo([peer], { maxReconnectDelay: 5 });
    const connecting = rejectionOf(connection.connect());
    const error = await rejectionOf(connection.request("quotes", "one", { temporary, timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "REQUEST_TIMEOUT" });
    await connection.close();
    await connecting;
  });
});

describe("a request", () => {
  it("that nobody answers in time rejects, offline, before its begin is answered, and after it was sent", async () => {
    const peer = await AmqpPeer.listen();
    const connection = connectionTo([peer], { maxReconnectDelay: 5 });
    const connecting = connection.connect();
    const request = () => rejectionOf(connection.request("quotes", "one", { timeoutMs: 50 }));
    expect(await request()).toMatchObject({ code: "REQUEST_TIMEOUT" });
    peer.expectConnection();
    peer.expectBegin().stayQuiet();
    peer.expectAttach("receiver").stayQuiet();
    peer.expectAttach("sender", "quotes").grant();
    peer.expectTransfer("one").accept();
    await connecting;
    expect(await request()).toMatchObject({ code: "REQUEST_TIMEOUT" });
    await peer.done;
  });

  it("over its connection's own queue is sent again to the next peer, and the reply comes there", async () => {
    const [first, second] = await AmqpPeer.pair();
    for (const peer of [first, second]) {
      peer.expectConnection();
      peer.expectAttach("receiver").answer();
      peer.expectAttach("sender", "quotes").grant();
      peer.expectCredit().stayQuiet();
    }
    first.expectTransfer("one").drop();
    second.expectTransfer("one").accept();

    const connection = await connectionTo([first, second]).connect();
    const answer = connection.request("quotes", "one");
    await Promise.all([first.done, second.done]);
    const [{ reply_to, correlation_id } = {}] = second.transfers;
    expect(reply_to).toBe(first.transfers[0]?.reply_to);
    second.letSettlementsPass();
    second.deliver({ body: "answer", correlation_id: `${correlation_id}` });
    expect((await answer).text()).toBe("answer");
  });
});
