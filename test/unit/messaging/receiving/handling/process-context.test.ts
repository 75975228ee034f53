import { describe, expect, it, vi } from "vitest";
import { SessionLostError } from "../../../../../src/errors/errors.ts";
import type { ProcessContext } from "../../../../../src/messaging/receiving/handling/process-context.ts";
import type { HandlerFailure } from "../../../../../src/messaging/receiving/handling/redelivery-policy.ts";
import { failover, forbidUnhandledRejections, toyConnected } from "../../../../support/toy-connection.ts";
import { turns } from "../../../../support/toy-messaging-session.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";

/** A handler that has message "a" in hand until `finish` is called. */
async function inHand(transacted = false) {
  const toy = await toyConnected();
  const consumer = toy.connection.consume(ORDERS);
  await consumer.ready;
  const contexts: ProcessContext[] = [];
  let finish = (_?: Error) => {};
  const running = consumer.run(
    (_, context) => {
      contexts.push(context);
      return new Promise<void>((resolve, reject) => {
        finish = (error) => (error ? reject(error) : resolve());
      });
    },
    { transacted } as { transacted: true },
  );
  toy.session.to(ORDERS).deliver("a");
  await turns();
  const [context] = contexts;
  if (!context) throw new Error("The handler was not called");
  const settled = () => toy.session.log.filter((line) => line.startsWith("settle"));
  return { ...toy, consumer, running, context, contexts, settled, finish: (error?: Error) => finish(error) };
}

describe("the signal of a handler's context", () => {
  it.each([false, true])(
    "fires when the session of its message ended, and says why (transacted %s)",
    async (transacted) => {
      const { broker, context, finish } = await inHand(transacted);
      const { signal } = context;
      expect(signal.aborted).toBe(false);
      expect(context.signal).toBe(signal);
      await failover(broker);
      expect(signal.reason).toMatchObject({ code: "STALE_DELIVERY", cause: expect.any(SessionLostError) });
      finish();
      await turns();
    },
  );

  it("has fired already when it is first asked for after the session ended", async () => {
    const { broker, context, finish } = await inHand();
    await failover(broker);
    expect(context.signal.reason).toMatchObject({ code: "STALE_DELIVERY" });
    finish();
    await turns();
  });

  it("fires when close() has waited its time for the handler, and not before", async () => {
    const { connection, context, running, finish } = await inHand();
    const { signal } = context;
    const closing = connection.close({ drainTimeoutMs: 30 });
    await turns();
    expect(signal.aborted).toBe(false);
    await closing;
    expect(signal.reason).toMatchObject({ code: "CONNECTION_CLOSED" });
    finish();
    await running;
  });

  it("fires when the consumer is closed under the handler", async () => {
    const { consumer, context, running, finish } = await inHand();
    const { signal } = context;
    await consumer.close();
    expect(signal.reason).toMatchObject({ code: "STALE_DELIVERY" });
    finish();
    await running;
  });

  it("fires when another message of the consumer is released over STOMP, which gives all of them back", async () => {
    const { session, context, finish } = await inHand();
    const { signal } = context;
    session.to(ORDERS).giveBack();
    expect(signal.reason).toMatchObject({ code: "STALE_DELIVERY" });
    finish();
    await turns();
  });

  it("does not fire when the handler was through before", async () => {
    const { broker, context, settled, finish } = await inHand();
    const { signal } = context;
    finish();
    await turns();
    expect(settled()).toEqual(["settle a accepted"]);
    await failover(broker);
    expect(signal.aborted).toBe(false);
  });

  it("first asked for when the handler is through never fires, and nothing is kept for it", async () => {
    const { broker, context, finish } = await inHand();
    const kept = vi.spyOn(context.delivery.origin, "onceEnded");
    finish();
    await turns();
    const { signal } = context;
    expect(kept).not.toHaveBeenCalled();
    expect(context.signal).toBe(signal);
    await failover(broker);
    expect(signal.aborted).toBe(false);
  });
});

describe("the delivery of a handler's context", () => {
  it("that the handler has settled is not settled again, nor is the handler called again", async () => {
    const { context, contexts, settled, finish } = await inHand();
    await context.delivery.modify({ deliveryFailed: true });
    finish();
    await turns();
    expect(settled()).toHaveLength(1);
    expect(contexts).toHaveLength(1);
  });

  it("that the handler has settled before it threw stays as it is, and the failure is told", async () => {
    const { connection, context, contexts, settled, finish } = await inHand();
    const told: HandlerFailure[] = [];
    connection.on("handlerFailed", (failure) => told.push(failure));
    await context.delivery.accept();
    finish(new Error("too late"));
    await turns();
    expect(settled()).toEqual(["settle a accepted"]);
    expect(told).toMatchObject([{ messageId: "id-a", outcome: "settled", retryInMs: undefined }]);
    expect(contexts).toHaveLength(1);
  });

  it("that the handler has accepted in its own transaction is accepted once", async () => {
    const { connection, context, session, finish } = await inHand(true);
    await context.transaction?.accept(context.delivery);
    finish();
    await turns();
    expect(session.log.filter((line) => line.includes("settle a"))).toHaveLength(1);
    expect(connection.stats().transactions.committed).toBe(1);
  });
});
