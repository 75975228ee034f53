/** What closes something out of a handler that it waits for is told so at once, and what does not wait is left alone. */
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Connection } from "../../../../../src/messaging/connection/connection.ts";
import type { Consumer } from "../../../../../src/messaging/receiving/consuming/consumer.ts";
import type { RunOptions } from "../../../../../src/messaging/receiving/handling/run-consumer.ts";
import { forbidUnhandledRejections, type ToyConnection, toyConnected } from "../../../../support/toy-connection.ts";
import { turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";
/** Long after a warning is due, and soon enough for a test that waits for itself. */
const DRAIN_MS = 1_500;

const warned = ({ told }: ToyConnection) =>
  told.flatMap(({ name, payload }) => (name === "warning" ? [payload] : [])).filter(isOfClose);
const isOfClose = ({ code }: { readonly code: string }) => code === "CLOSE_IN_HANDLER";

type Act = (connection: Connection, consumer: Consumer) => unknown;

/** Runs a handler that does `act` for its one message; resolves with what was told when the handler is through. */
async function handling(act: Act, options: RunOptions = {}) {
  const toy = await toyConnected({ drainTimeoutMs: DRAIN_MS });
  const consumer = toy.connection.consume(ORDERS);
  await consumer.ready;
  const order: string[] = [];
  toy.connection.on("warning", (warning) => isOfClose(warning) && order.push("warned"));
  const through = new Promise<void>((resolve) => {
    consumer
      .run(async () => {
        await sleep(1);
        await act(toy.connection, consumer);
        order.push("through");
        resolve();
      }, options)
      .catch(() => {});
  });
  toy.session.to(ORDERS).deliver("a");
  await through;
  return { ...toy, consumer, order };
}

describe("close() of the connection", () => {
  it("that a handler awaits is told at once that it waits for itself, long before it gives up", async () => {
    const toy = await handling((connection) => connection.close());
    expect(toy.order).toEqual(["warned", "through"]);
    const [warning] = warned(toy);
    expect(warning?.message).toContain(`waits up to ${DRAIN_MS} ms`);
    expect(warned(toy)).toHaveLength(1);
  });

  it("that a function of the handler awaits, or a second call that joins the first, is told too", async () => {
    const leave = async (connection: Connection) => {
      await sleep(1);
      await Promise.all([connection.close()]);
    };
    const toy = await handling((connection) => {
      connection.close().catch(() => {});
      return leave(connection);
    });
    expect(warned(toy)).toHaveLength(2);
  });

  it("that the work of a transaction awaits is told that it waits for itself", async () => {
    const toy = await toyConnected({ drainTimeoutMs: DRAIN_MS });
    await toy.connection
      .transaction(async () => {
        await sleep(1);
        await toy.connection.close();
      })
      .catch(() => {});
    expect(warned(toy)).toHaveLength(1);
  });

  it("that a transacted handler awaits, or one of respond(), is told that it waits for itself", async () => {
    const transacted = await handling((connection) => connection.close(), { transacted: true });
    expect(warned(transacted)).toHaveLength(1);
    const toy = await toyConnected({ drainTimeoutMs: DRAIN_MS });
    const responder = toy.connection.respond(ORDERS, async () => {
      await toy.connection.close();
      return undefined;
    });
    await responder.ready;
    toy.session.to(ORDERS).deliver("a");
    await responder.done;
    expect(warned(toy)).toHaveLength(1);
  });

  it("that nobody listens to is told by a process warning", async () => {
    const { connection, session } = await toyConnected({ drainTimeoutMs: DRAIN_MS });
    connection.removeAllListeners("warning");
    const heard = new Promise<Error & { code?: string }>((resolve) => {
      const listen = (warning: Error & { code?: string }) => {
        if (warning.code !== "MASTERSLAVE_CLOSE_IN_HANDLER") return;
        process.off("warning", listen);
        resolve(warning);
      };
      process.on("warning", listen);
    });
    const consumer = connection.consume(ORDERS);
    await consumer.ready;
    const running = consumer.run(() => connection.close());
    session.to(ORDERS).deliver("a");
    expect((await heard).message).toContain("close() was called in a handler");
    await running;
  });

  it("that a handler does not wait for closes the connection without a word, and the message is accepted", async () => {
    const toy = await handling((connection) => {
      connection.close().catch(() => {});
    });
    await toy.connection.closed;
    await sleep(200);
    expect(warned(toy)).toEqual([]);
    expect(toy.session.log).toContain("settle a accepted");
  });

  it("in onError and in a listener of handlerFailed waits for no handler, and nothing is said", async () => {
    const toy = await toyConnected({ drainTimeoutMs: DRAIN_MS });
    const closings: Promise<void>[] = [];
    toy.connection.on("handlerFailed", async () => {
      closings.push(toy.connection.close());
      await closings.at(-1);
    });
    const consumer = toy.connection.consume(ORDERS);
    await consumer.ready;
    const onError = async () => {
      closings.push(toy.connection.close());
      await closings.at(-1);
    };
    const running = consumer.run(() => Promise.reject(new Error("bad order")), { onError });
    toy.session.to(ORDERS).deliver("a");
    await running;
    await Promise.all(closings);
    await sleep(200);
    expect(closings).toHaveLength(2);
    expect(warned(toy)).toEqual([]);
    expect(toy.session.log).toContain("settle a rejected bad order");
  });

  it("from elsewhere, while a handler takes its time, is not taken for one that waits for itself", async () => {
    const toy = await toyConnected({ drainTimeoutMs: DRAIN_MS });
    const consumer = toy.connection.consume(ORDERS);
    await consumer.ready;
    const running = consumer.run(() => sleep(300));
    toy.session.to(ORDERS).deliver("a");
    await turns();
    await toy.connection.close();
    await running;
    expect(warned(toy)).toEqual([]);
    expect(toy.session.log).toContain("settle a accepted");
  });
});

describe("a consumer", () => {
  it("that is closed in its own handler is told that the message in hand comes again", async () => {
    const toy = await handling((_, consumer) => consumer.close());
    expect(warned(toy).map(({ message }) => message)).toEqual([expect.stringContaining("comes again")]);
    expect(toy.order).toEqual(["warned", "through"]);
  });

  it("that is closed in its own handler is told so once, though a listener of the warning closes it too", async () => {
    const toy = await handling((connection, consumer) => {
      connection.on("warning", () => void consumer.close());
      return consumer.close();
    });
    expect(warned(toy)).toHaveLength(1);
    expect(toy.order).toEqual(["warned", "through"]);
  });

  it("that is closed in its own handler after that has settled its message is closed without a word", async () => {
    const toy = await toyConnected();
    const consumer = toy.connection.consume(ORDERS);
    await consumer.ready;
    const running = consumer.run(async (_, { delivery }) => {
      await delivery.accept();
      await consumer.close();
    });
    toy.session.to(ORDERS).deliver("a");
    await running;
    expect(warned(toy)).toEqual([]);
  });

  it("whose drain() its own handler awaits is told that it waits for itself; without await it ends with the handler", async () => {
    const waiting = await handling((_, consumer) => consumer.drain({ timeoutMs: 800 }));
    expect(waiting.order).toEqual(["warned", "through"]);
    const leaving = await handling((_, consumer) => {
      consumer.drain().catch(() => {});
    });
    await leaving.consumer.return();
    await sleep(200);
    expect(warned(leaving)).toEqual([]);
  });

  it("may be closed by the handler of another", async () => {
    const toy = await toyConnected();
    const [first, second] = [toy.connection.consume(ORDERS), toy.connection.consume("queue://others")];
    await Promise.all([first.ready, second.ready]);
    const running = first.run(() => second.close());
    toy.session.to("queue://others").deliver("b");
    await second.next();
    toy.session.to(ORDERS).deliver("a");
    await turns();
    expect(warned(toy)).toEqual([]);
    await first.close();
    await running;
  });
});
