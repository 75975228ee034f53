/** What Qpid JMS's failover tests say of sends (Q22-Q33), over scripted peers. */
import { describe, expect, it } from "vitest";
import { AmqpPeer } from "../../support/peers/amqp-peer.ts";
import { connectionTo } from "../../support/peers/scripted-peer.ts";
import { StompPeer } from "../../support/peers/stomp-peer.ts";
import { next } from "../../support/stories.ts";
import { forbidUnhandledRejections, rejectionOf } from "../../support/toy-connection.ts";

forbidUnhandledRejections();

/** Lets a client in, and one sender on q, with so much credit. */
function letIn(peer: AmqpPeer, credit = 1000): void {
  peer.expectConnection();
  peer.expectAttach("sender", "q").grant(credit);
}

describe("a send without an outcome", () => {
  it("is sent again to the next peer, the same message, when the socket drops before the disposition", async () => {
    const [first, second] = await AmqpPeer.pair();
    letIn(first);
    first.expectTransfer("one").dropBeforeDisposition();
    letIn(second);
    second.expectTransfer("one").accept();

    const connection = await connectionTo([first, second]).connect();
    expect(await connection.send("q", "one")).toMatchObject({ resent: true, endpoint: { port: second.port } });
    await Promise.all([first.done, second.done]);
    expect(second.transfers[0]?.message_id).toBe(first.transfers[0]?.message_id);
  });

  it("is sent again to the next STOMP peer, the same message, when the socket drops before the receipt", async () => {
    const [first, second] = await StompPeer.pair();
    first.expectConnection();
    first.expectSend("one").dropBeforeReceipt();
    second.expectConnection();
    second.expectSend("one").receipt();

    const connection = await connectionTo([first, second]).connect();
    expect(await connection.send("q", "one")).toMatchObject({ resent: true, endpoint: { port: second.port } });
    await Promise.all([first.done, second.done]);
    const duplicateId = ({ sends }: StompPeer) => sends[0]?.headers["_AMQ_DUPL_ID"];
    expect(duplicateId(first)).toBeTruthy();
    expect(duplicateId(second)).toBe(duplicateId(first));
  });

  it("is sent again when the broker closes with amqp:connection:forced before the disposition", async () => {
    const [first, second] = await AmqpPeer.pair();
    letIn(first);
    first.expectTransfer("one").closeConnection("amqp:connection:forced", "the broker stops");
    letIn(second);
    second.expectTransfer("one").accept();

    const connection = connectionTo([first, second]);
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    expect(await connection.send("q", "one")).toMatchObject({ resent: true });
    expect(await interrupted).toMatchObject({ cause: { message: expect.stringContaining("the broker stops") } });
    await Promise.all([first.done, second.done]);
  });

  it("times out when no disposition ever comes, and says that the message may be stored", async () => {
    const peer = await AmqpPeer.listen();
    letIn(peer);
    peer.expectTransfer("one").stayQuiet();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.send("q", "one", { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "SEND_TIMEOUT", inDoubt: true });
    expect(connection.state.name).toBe("connected");
    await peer.done;
  });

  it("fails as in doubt at the loss of the connection with inDoubt=fail; those accepted before have succeeded", async () => {
    const [first, second] = await AmqpPeer.pair();
    letIn(first);
    first.expectTransfer("stored").accept();
    first.expectTransfer("lost").dropBeforeDisposition();
    letIn(second);
    second.expectTransfer("later").accept();

    const connection = await connectionTo([first, second], { inDoubt: "fail" }).connect();
    const stored = connection.send("q", "stored");
    const lost = rejectionOf(connection.send("q", "lost"));
    expect(await stored).toMatchObject({ resent: false, endpoint: { port: first.port } });
    expect(await lost).toMatchObject({ code: "SEND_IN_DOUBT" });
    expect(await connection.send("q", "later")).toMatchObject({ resent: false });
    await Promise.all([first.done, second.done]);
  });
});

describe("a send in an outage", () => {
  it("times out while no peer is there, and is not written later", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();

    const connection = connectionTo([peer]);
    const interrupted = next(connection, "interrupted");
    await connection.connect();
    await peer.done;
    peer.dropAll();
    await interrupted;
    const error = await rejectionOf(connection.send("q", "one", { timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "SEND_TIMEOUT", inDoubt: false });
    letIn(peer);
    peer.expectTransfer("two").accept();
    await connection.send("q", "two");
    await peer.done;
  });

  it("that waited for credit is written by the next peer's credit, for the first time", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    first.expectAttach("sender", "q").grant(1);
    first.expectTransfer("one").accept();
    letIn(second);
    second.expectTransfer("two").accept();

    const connection = await connectionTo([first, second]).connect();
    const [one, two] = [connection.send("q", "one"), connection.send("q", "two")];
    await one;
    first.dropAll();
    expect(await two).toMatchObject({ resent: false });
    await Promise.all([first.done, second.done]);
  });

  it("over a link whose detach the first peer never answered goes to the next peer", async () => {
    const [first, second] = await AmqpPeer.pair();
    first.expectConnection();
    const destinations = Array.from({ length: 65 }, (_, n) => `q${n}`);
    for (const name of destinations) {
      // The sixty-fifth link is one too many: the first is closed for it.
      if (name === "q64") first.expectDetach().stayQuiet();
      first.expectAttach("sender", name).grant();
      first.expectTransfer(name).accept();
    }
    second.expectConnection();
    second.expectAttach("sender", "q0").grant();
    second.expectTransfer("again").accept();

    const connection = await connectionTo([first, second]).connect();
    for (const name of destinations) await connection.send(name, name);
    const interrupted = next(connection, "interrupted");
    first.dropAll();
    await interrupted;
    expect(await connection.send("q0", "again")).toMatchObject({ resent: false });
    await Promise.all([first.done, second.done]);
  });
});

describe("an outcome", () => {
  it.each([
    ["accepted", undefined, undefined],
    ["rejected", "SEND_REJECTED", false],
    ["released", "SEND_NOT_STORED", true],
    ["modified", "SEND_NOT_STORED", true],
  ] as const)("that is %s goes to the caller, and nothing is sent again", async (outcome, code, retryable) => {
    const peer = await AmqpPeer.listen();
    letIn(peer);
    const answer = peer.expectTransfer("one");
    if (outcome === "accepted") answer.accept();
    if (outcome === "rejected") answer.reject("amqp:not-allowed", "not this one");
    if (outcome === "released") answer.release();
    if (outcome === "modified") answer.modify();
    peer.expectTransfer("two").accept();

    const connection = await connectionTo([peer]).connect();
    const sent = connection.send("q", "one");
    if (code === undefined) expect(await sent).toMatchObject({ resent: false });
    else expect(await rejectionOf(sent)).toMatchObject({ code, retryable });
    await connection.send("q", "two");
    await peer.done;
    expect(connection.stats()).toMatchObject({ failovers: 0 });
  });

  it("is each send's own, of several under way", async () => {
    const peer = await AmqpPeer.listen();
    letIn(peer);
    peer.expectTransfer("a").accept();
    peer.expectTransfer("b").reject("amqp:not-allowed", "not this one");
    peer.expectTransfer("c").accept();

    const connection = await connectionTo([peer]).connect();
    const outcomes = await Promise.allSettled(["a", "b", "c"].map((body) => connection.send("q", body)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    await peer.done;
  });
});

describe("a delayed send", () => {
  it("to a peer that does not offer it rejects, and is not sent", async () => {
    const peer = await AmqpPeer.listen();
    peer.expectConnection();
    peer.expectAttach("sender", "q").grant();
    peer.expectTransfer("now").accept();

    const connection = await connectionTo([peer]).connect();
    const error = await rejectionOf(connection.send("q", "later", { delayMs: 60_000 }));
    expect(error).toMatchObject({ code: "UNSUPPORTED" });
    await connection.send("q", "now");
    await peer.done;
  });
});

describe("a producer", () => {
  it("goes on after a failover as before it", async () => {
    const [first, second] = await AmqpPeer.pair();
    letIn(first);
    first.expectTransfer("one").accept();
    letIn(second);
    second.expectTransfer("two").accept();
    second.expectTransfer("three").accept();

    const connection = await connectionTo([first, second]).connect();
    const producer = connection.producer("q");
    await producer.send("one");
    first.dropAll();
    expect(await producer.send("two")).toMatchObject({ endpoint: { port: second.port } });
    await producer.send("three");
    await Promise.all([first.done, second.done]);
  });
});

describe("a link that the broker ends", () => {
  it("takes nothing back of what it had accepted in the same breath", async () => {
    const peer = await AmqpPeer.listen();
    letIn(peer);
    peer.expectTransfer("one").accept().detach("amqp:resource-deleted", "the queue is gone");
    const connection = await connectionTo([peer]).connect();
    expect(await connection.send("q", "one")).toMatchObject({ resent: false });
  });

  it("leaves a send it has not answered in doubt", async () => {
    const peer = await AmqpPeer.listen();
    letIn(peer);
    peer.expectTransfer("one").detach("amqp:resource-deleted", "the queue is gone");
    const connection = await connectionTo([peer]).connect();
    expect(await rejectionOf(connection.send("q", "one"))).toMatchObject({ code: "SEND_REJECTED", inDoubt: true });
  });
});
