/**
 * What the STOMP adapter relies on in real brokers: wordings, spellings, how text and bytes are marked, settlements.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import type { EncodedSend } from "../../src/adapters/stomp/messages/encoded-send.ts";
import { dialectOf } from "../../src/adapters/stomp/opening/broker.ts";
import { AttemptError, AuthenticationError, InvalidArgumentError, SendRejectedError } from "../../src/errors/errors.ts";
import { askInVersion, CLASSIC_ANSWERS, passOn } from "../support/stomp-versions.ts";
import { lossOf, TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { RESTRICTED_CREDENTIALS } from "./real-group.ts";
import { confirmed, onRealBrokers } from "./stomp-steps.ts";

onRealBrokers("STOMP", (bench) => {
  const { classic } = bench;

  it("tells its product and version", async () => {
    const session = await bench.open();
    expect(session.broker).toEqual({ product: classic ? "activemq" : "artemis", version: bench.group.version });
  });

  it("refuses on its standby, a wrong password, and nobody's login", async () => {
    await expect(bench.open({}, "b")).rejects.toMatchObject({ code: "ENDPOINT_REFUSED", verdict: "next" });
    for (const credentials of [{ username: "scott", password: "tiger" }, undefined]) {
      const refused = () => bench.open({ credentials: () => credentials }).catch((error: unknown) => error);
      const first = await refused();
      // A Classic broker that was stopped for two seconds closes without an answer (docs/brokers.md). Asked again, it
      // answers.
      const isMute = classic && first instanceof AttemptError && first.code === "ENDPOINT_CLOSED";
      expect(isMute ? await refused() : first).toBeInstanceOf(AuthenticationError);
    }
  });

  it("refuses a client id in use on Classic, for now", async () => {
    await bench.open({ clientId: "me" });
    const second = bench.open({ clientId: "me" });
    if (classic) {
      await expect(second).rejects.toMatchObject({ code: "ENDPOINT_REJECTED", verdict: "next" });
      await expect(second).rejects.toThrow(/another live connection uses this clientId/);
    } else expect((await second).broker.product).toBe("artemis");
  });

  it("answers each version of STOMP on Classic as the embedded group does", async () => {
    if (!classic) return;
    const { port } = bench.group.endpoint("a", "stomp");
    const { username: login, password: passcode } = bench.group.credentials;
    for (const [accepted, answers] of CLASSIC_ANSWERS) {
      const asked = await askInVersion(port, accepted, { queue: bench.freshName(), login: { login, passcode } });
      expect(asked).toEqual(answers);
    }
    expect(await passOn(port, { queue: bench.freshName(), login: { login, passcode } })).toBe("a\\cb\\\\d");
  });

  it.each([
    ["text", "a€😀 line\nline", "text", "text/plain;charset=utf-8"],
    ["empty text", "", "text", "text/plain;charset=utf-8"],
    ["text with a NUL", "a\0b", "text", "text/plain;charset=utf-8"],
    ["bytes", Buffer.from([0, 1, 2, 255]), "bytes", "application/octet-stream"],
    ["no bytes", Buffer.alloc(0), "bytes", "application/octet-stream"],
    ["JSON", { a: ["€", null, 1] }, "text", "application/json"],
    ["a megabyte", Buffer.alloc(1_000_000, "x"), "bytes", "application/octet-stream"],
  ])("keeps %s as it is", async (_, body, kind, contentType) => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const consumer = new TestConsumer(session, queue);
    const send = new TestSend(body, { id: `id-${queue}` }, queue);
    await confirmed(session, send);
    const { message } = await consumer.delivery(0);
    expect(message.bytes().equals(send.message.body)).toBe(true);
    expect(message.kind).toBe(kind);
    expect(message).toMatchObject({ contentType, id: `id-${queue}`, destination: queue, persistent: true });
    consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" });
  });

  it("keeps properties, and the headers of the message", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const properties = {
      ...{
        "a.b-c": "1",
        "ü€": "ñ",
        "a:b": "x:y\nz\\\r",
        "sp ace": " blanks ",
        empty: "",
        n: 7,
        yes: true,
      },
    };
    const options = { properties, priority: 7, ttlMs: 60_000, correlationId: "c:1", replyTo: "topic://replies" };
    const consumer = new TestConsumer(session, queue);
    const before = Date.now();
    await confirmed(session, new TestSend("x", { ...options, persistent: false }, queue));
    const { message } = await consumer.delivery(0);
    expect(message.properties).toEqual({ ...properties, n: "7", yes: "true" });
    expect(message).toMatchObject({ priority: 7, correlationId: "c:1", replyTo: "topic://replies", persistent: false });
    expect(message.expiresAtMs).toBeGreaterThanOrEqual(before + 60_000);
    expect(message.brokerMessageId).toBeDefined();
  });

  it("confirms a thousand sends in flight and delivers them in order, once", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const sends = Array.from({ length: 1000 }, (_, n) => new TestSend(`${n}`, {}, queue));
    await confirmed(session, ...sends);
    const consumer = new TestConsumer(session, queue, 100);
    for (let n = 0; n < 1000; n++) {
      const delivery = await consumer.delivery(n);
      expect([delivery.message.text(), delivery.redelivered]).toEqual([`${n}`, false]);
      expect(consumer.subscription.settle(delivery, { kind: "accepted" })).toBe("settled");
    }
    await session.close(AbortSignal.timeout(5000));
    expect(await bench.drain(queue)).toEqual([]);
  }, 30_000);

  it("drops a second message with the same id on Artemis, and stores it on Classic", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    await confirmed(session, new TestSend("x", { id: "twice" }, queue), new TestSend("x", { id: "twice" }, queue));
    expect(await bench.drain(queue)).toEqual(classic ? ["x", "x"] : ["x"]);
  });

  it("keeps to a prefetch of one", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    await confirmed(session, ...["1", "2", "3"].map((body) => new TestSend(body, {}, queue)));
    const consumer = new TestConsumer(session, queue, 1);
    await consumer.delivery(0);
    await sleep(300);
    expect(consumer.deliveries).toHaveLength(1);
    consumer.subscription.settle(await consumer.delivery(0), { kind: "accepted" });
    await consumer.delivery(1);
    await sleep(300);
    expect(consumer.deliveries).toHaveLength(2);
  });

  it("takes back what is released, in order, and with it the other unsettled deliveries", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    await confirmed(session, ...["1", "2", "3", "4"].map((body) => new TestSend(body, {}, queue)));
    const consumer = new TestConsumer(session, queue);
    const [first, second] = [await consumer.delivery(0), await consumer.delivery(1)];
    await consumer.delivery(3);
    expect(consumer.subscription.settle(first, { kind: "accepted" })).toBe("settled");
    expect(consumer.subscription.settle(second, { kind: "released" })).toBe("settled");
    await consumer.delivery(6);
    expect(consumer.deliveries.slice(4).map(({ message }) => message.text())).toEqual(["2", "3", "4"]);
    // Only Classic counts this as a failed delivery.
    expect(consumer.deliveries.slice(4).map(({ redelivered }) => redelivered)).toEqual([classic, classic, classic]);
    for (const stale of consumer.deliveries.slice(2, 4)) {
      expect(consumer.subscription.settle(stale, { kind: "accepted" })).toBe("stale");
    }
    for (const again of consumer.deliveries.slice(4)) consumer.subscription.settle(again, { kind: "accepted" });
    await confirmed(session, new TestSend("alive", {}, bench.freshQueue()));
    await session.close(AbortSignal.timeout(2000));
    expect(await bench.drain(queue)).toEqual([]);
  });

  it("gives back what is unsettled when a subscription is closed", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    await confirmed(session, new TestSend("x", {}, queue));
    const consumer = new TestConsumer(session, queue);
    await consumer.delivery(0);
    await consumer.subscription.close();
    expect(await bench.drain(queue)).toEqual(["x"]);
  });

  it("hands a topic's messages to every subscription, by wildcard too", async () => {
    const session = await bench.open();
    const consumers = [
      "topic://prices.eu.beer",
      "topic://prices.>",
      "topic://prices.*.beer",
      "topic://prices.us.>",
    ].map((topic) => new TestConsumer(session, topic));
    for (const consumer of consumers) await consumer.until(() => consumer.ready === 1);
    await confirmed(session, new TestSend("7", {}, "topic://prices.eu.beer"));
    for (const consumer of consumers.slice(0, 3)) {
      const { message } = await consumer.delivery(0);
      expect([message.text(), message.destination]).toEqual(["7", "topic://prices.eu.beer"]);
    }
    expect(consumers[3]?.deliveries).toEqual([]);
  });

  it("filters by selector, and refuses one that it cannot read", async () => {
    const session = await bench.open();
    const queue = bench.freshQueue();
    const red = new TestConsumer(session, queue, 10, "colour = 'red'");
    const sends = ["blue", "red"].map((colour) => new TestSend(colour, { properties: { colour } }, queue));
    await confirmed(session, ...sends);
    expect((await red.delivery(0)).message.text()).toBe("red");
    const bad = new TestConsumer(session, queue, 10, "((");
    await bad.until(() => bad.refusals.length === 1);
    if (!classic) expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    expect(bad.ready).toBe(0);
  });

  it("refuses a send to where the user may not: Classic goes on, Artemis closes", async () => {
    const session = await bench.open({ credentials: () => RESTRICTED_CREDENTIALS });
    await confirmed(session, new TestSend("x", {}, "queue://open.adapter"));
    const send = new TestSend("x", {}, "queue://closed.adapter");
    session.send(send);
    const outcome = await send.outcome;
    const error = outcome.kind === "failed" ? outcome.error : undefined;
    expect(error).toBeInstanceOf(SendRejectedError);
    expect(error?.message).toMatch(classic ? /User \*\*\* is not authorized/ : /User: \*\*\* does not have permission/);
    if (classic) await confirmed(session, new TestSend("alive", {}, "queue://open.adapter"));
    else expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
  });

  it("refuses a subscription to where the user may not; Artemis closes over it", async () => {
    const session = await bench.open({ credentials: () => RESTRICTED_CREDENTIALS });
    const consumer = new TestConsumer(session, "queue://closed.adapter");
    await consumer.until(() => consumer.refusals.length === 1);
    expect(consumer.refusals[0]?.message).toMatch(classic ? /not authorized/ : /does not have permission/);
    if (!classic) await lossOf(session);
    expect(consumer.ready).toBe(0);
  });

  // Artemis does not know the header.
  if (classic) {
    it("names one send that it cannot read on Classic, and goes on", async () => {
      const session = await bench.open();
      const send = new TestSend("x");
      // This package never writes such a header: the test passes it off as part of a send that is encoded already.
      const lines = "destination:/queue/x\namq-msg-type:picture\n";
      const dialect = dialectOf(session.broker);
      send.encoded = { dialect, version: "1.2", lines, body: Buffer.alloc(0) } satisfies EncodedSend;
      session.send(send);
      expect(await send.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED" } });
      await confirmed(session, new TestSend("alive", {}, bench.freshQueue()));
    });
  }

  it("keeps an idle session open, and notices a broker that has stopped", async () => {
    const session = await bench.open({ heartbeatMs: 500 });
    let over = false;
    void session.ended.then(() => {
      over = true;
    });
    await sleep(4000);
    expect(over).toBe(false);
    const stoppedAt = performance.now();
    await bench.group.pause("a");
    try {
      const { error, atMs } = await session.ended;
      expect(error).toMatchObject({ code: "HEARTBEAT_LOST" });
      console.error(
        `[brokers] ${bench.product} silence noticed after ${Math.round(atMs - stoppedAt)} ms of 500 ms heart-beats`,
      );
    } finally {
      await bench.group.resume("a");
    }
  }, 20_000);

  it("ends the session of a broker that is killed", async () => {
    const session = await bench.open();
    const consumer = new TestConsumer(session, bench.freshQueue());
    await consumer.until(() => consumer.ready === 1);
    await bench.group.kill("a");
    expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
    expect(() => session.destroy(new InvalidArgumentError("late"))).not.toThrow();
    await consumer.subscription.close();
  });
});
