import { describe, expect, it } from "vitest";
import {
  failover,
  fateOf,
  forbidUnhandledRejections,
  rejectionOf,
  toyConnected,
  toyConsuming,
} from "../../../../support/toy-connection.ts";
import { turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";

async function consuming() {
  const toy = await toyConsuming(ORDERS);
  const settled = () => toy.session.log.filter((line) => line.startsWith("settle"));
  return { ...toy, settled };
}

describe("run", () => {
  it("accepts each message when its handler has finished, one at a time, in order", async () => {
    const { consumer, subscription, settled } = await consuming();
    const log: string[] = [];
    const running = consumer.run(async (message) => {
      log.push(`begin ${message.text()}`);
      await turns(1);
      log.push(`end ${message.text()}`);
    });
    for (const body of ["a", "b"]) subscription.deliver(body);
    await turns(6);
    expect(log).toEqual(["begin a", "end a", "begin b", "end b"]);
    expect(settled()).toEqual(["settle a accepted", "settle b accepted"]);
    await consumer.close();
    await running;
  });

  it("rejects a message with what its handler throws, and goes on", async () => {
    const { consumer, subscription, settled } = await consuming();
    const thrown = [new Error("no such order"), "plain text", { code: 7 }, Object.create(null)];
    const running = consumer.run((message) => {
      if (message.text() !== "good") throw thrown[Number(message.text())];
    });
    for (const body of ["0", "1", "2", "3", "good"]) subscription.deliver(body);
    await turns(4);
    expect(settled()).toEqual([
      "settle 0 rejected no such order",
      "settle 1 rejected plain text",
      "settle 2 rejected { code: 7 }",
      "settle 3 rejected [Object: null prototype] {}",
      "settle good accepted",
    ]);
    await consumer.close();
    await running;
  });

  it("processes as many messages at once as its concurrency allows", async () => {
    const { consumer, subscription } = await consuming();
    const finish: (() => void)[] = [];
    const running = consumer.run(() => new Promise<void>((resolve) => finish.push(resolve)), { concurrency: 3 });
    for (const body of ["a", "b", "c", "d"]) subscription.deliver(body);
    await turns();
    expect(finish).toHaveLength(3);
    finish[1]?.();
    await turns();
    expect(finish).toHaveLength(4);
    for (const resolve of finish) resolve();
    await turns();
    await consumer.close();
    await running;
  });

  it.each([0, 1.5, Number.NaN, -1])("rejects a concurrency of %s", async (concurrency) => {
    const { consumer } = await consuming();
    expect(await rejectionOf(consumer.run(() => {}, { concurrency }))).toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("resolves when the consumer is closed and the running handlers have finished", async () => {
    const { consumer, subscription } = await consuming();
    let finish = () => {};
    const running = consumer.run(() => new Promise<void>((resolve) => (finish = resolve)), { concurrency: 2 });
    subscription.deliver("a");
    await turns();
    await consumer.close();
    expect(await fateOf(running)).toEqual({ kind: "pending" });
    finish();
    await running;
  });

  it("rejects with the refusal of the subscription, after its handlers have finished", async () => {
    const { consumer, subscription } = await consuming();
    let finish = () => {};
    const running = consumer.run(() => new Promise<void>((resolve) => (finish = resolve)));
    subscription.deliver("a");
    await turns();
    const error = subscription.refuse();
    finish();
    expect(await rejectionOf(running)).toBe(error);
  });

  it("rejects with why the connection failed", async () => {
    const { connection, broker, session } = await toyConnected({ maxReconnectRounds: 1 });
    const running = rejectionOf(connection.consume(ORDERS).run(() => {}, { concurrency: 4 }));
    broker.up = false;
    session.die();
    expect(await running).toMatchObject({ code: "NO_ACTIVE_ENDPOINT" });
  });

  it("tells the handler's own error when the broker cannot reject, and gives the message back", async () => {
    const { consumer, subscription, session } = await consuming();
    subscription.unsupported = ["rejected"];
    subscription.deliver("a");
    const cause = new Error("no such order");
    const error = await rejectionOf(
      consumer.run(() => {
        throw cause;
      }),
    );
    expect(error).toMatchObject({ code: "UNSUPPORTED", cause });
    expect(error.message).toContain("no such order");
    expect(session.log).toEqual([`subscribe ${ORDERS}`, `unsubscribe ${ORDERS}`]);
  });

  it("goes on over a failover: what its handlers held is stale and comes again", async () => {
    const { connection, broker, consumer, subscription } = await consuming();
    const seen: string[] = [];
    const running = consumer.run(async (message) => {
      seen.push(message.text());
      if (seen.length === 1) await failover(broker);
    });
    subscription.deliver("a");
    await broker.opened(2);
    broker.session.to(ORDERS).deliver("a");
    await turns(4);
    expect(seen).toEqual(["a", "a"]);
    expect(broker.session.log).toEqual([`subscribe ${ORDERS}`, "settle a accepted"]);
    expect(connection.stats()).toMatchObject({ stale: 1, settled: 1, redelivered: 1 });
    await consumer.close();
    await running;
  });
});

describe("a handler that throws what cannot be shown", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const faulty = {
    get message(): string {
      throw new Error("no message");
    },
  };
  it.each([
    ["a revoked Proxy", proxy],
    ["an error whose message throws", Object.create(Error.prototype, Object.getOwnPropertyDescriptors(faulty))],
    ["an error whose message is an object", Object.assign(new Error("x"), { message: { no: "text" } })],
    ["an object whose inspection throws", { [Symbol.for("nodejs.util.inspect.custom")]: () => faulty.message }],
  ])("makes one dead letter of %s and goes on with the next message", async (_, reason) => {
    for (const transacted of [false, true]) {
      const { consumer, subscription, session } = await consuming();
      const running = consumer.run(
        (message) => {
          if (message.text() === "bad") throw reason;
        },
        { transacted },
      );
      for (const body of ["bad", "good"]) subscription.deliver(body);
      while (!session.log.some((line) => line.includes("settle good"))) await turns();
      expect(session.log.filter((line) => line.includes("settle bad"))).toEqual([
        expect.stringMatching(/^settle bad rejected ./),
      ]);
      await consumer.close();
      await running;
    }
  });
});
