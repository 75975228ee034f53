import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../../../src/messaging/receiving/deliveries/delivery.ts";
import { failover, forbidUnhandledRejections, rejectionOf, toyConnected } from "../../../../support/toy-connection.ts";

forbidUnhandledRejections();
const ORDERS = "queue://orders";

/** What JavaScript would let pass. */
function untyped(value: unknown): never {
  return value as never;
}

async function oneDelivery() {
  const toy = await toyConnected();
  const consumer = toy.connection.consume(ORDERS);
  await consumer.ready;
  toy.session.to(ORDERS).deliver("a");
  const { value } = await consumer.next();
  return { ...toy, consumer, delivery: value as Delivery };
}

describe("settling a delivery", () => {
  it.each([
    ["accept", (delivery: Delivery) => delivery.accept(), "settle a accepted"],
    ["reject", (delivery: Delivery) => delivery.reject("bad"), "settle a rejected bad"],
    ["release", (delivery: Delivery) => delivery.release(), "settle a released"],
    ["modify", (delivery: Delivery) => delivery.modify({ deliveryFailed: true }), "settle a modified"],
  ])("by %s is written, and resolves to settled", async (_, settle, line) => {
    const { delivery, session, connection } = await oneDelivery();
    expect(connection.stats().unsettled).toBe(1);
    expect(await settle(delivery)).toBe("settled");
    expect(session.log).toContain(line);
    expect(connection.stats()).toMatchObject({ unsettled: 0, settled: 1 });
  });

  it.each<[string, (delivery: Delivery) => Promise<unknown>, string]>([
    [
      "accept",
      (delivery) => delivery.accept(untyped({ confirm: true })),
      "accept() has no option confirm: did you mean confirmed?",
    ],
    ["accept", (delivery) => delivery.accept(untyped({ confirmed: "yes" })), "confirmed is true or false, not 'yes'"],
    ["reject", (delivery) => delivery.reject(untyped(new Error("bad"))), "The reason of reject() is a string"],
    [
      "release",
      (delivery) => delivery.release(untyped({ stict: true })),
      "release() has no option stict: did you mean strict?",
    ],
    ["modify", (delivery) => delivery.modify(untyped({ failed: true })), "modify() has no option failed"],
    ["modify", (delivery) => delivery.modify({}, untyped({ strict: 1 })), "strict is true or false, not 1"],
  ])("by %s in a way that does not exist is refused, and it stays to be settled", async (_, settle, text) => {
    const { delivery } = await oneDelivery();
    const error = await rejectionOf(settle(delivery));
    expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(error.message).toContain(text);
    expect(await delivery.accept()).toBe("settled");
  });

  it("is stale when its session is gone, and nothing is written", async () => {
    const { delivery, session, broker, connection } = await oneDelivery();
    const next = await failover(broker);
    expect(await delivery.accept()).toBe("stale");
    expect([...session.log, ...next.log].filter((line) => line.startsWith("settle"))).toEqual([]);
    expect(connection.stats()).toMatchObject({ stale: 1, settled: 0 });
  });

  it("that is stale rejects with STALE_DELIVERY when asked to be strict", async () => {
    const { delivery, broker } = await oneDelivery();
    await failover(broker);
    const error = await rejectionOf(delivery.accept({ strict: true }));
    expect(error).toMatchObject({ code: "STALE_DELIVERY" });
    expect(error.message).toContain("id-a");
  });

  it("with strict resolves as usual while the session lives", async () => {
    const { delivery } = await oneDelivery();
    expect(await delivery.accept({ strict: true })).toBe("settled");
  });

  it("twice rejects with ALREADY_SETTLED, stale or not, and writes once", async () => {
    const { delivery, session, broker } = await oneDelivery();
    await delivery.accept();
    expect(await rejectionOf(delivery.reject())).toMatchObject({ code: "ALREADY_SETTLED" });
    expect(session.log.filter((line) => line.startsWith("settle"))).toEqual(["settle a accepted"]);
    await failover(broker);
    expect(await rejectionOf(delivery.accept())).toMatchObject({ code: "ALREADY_SETTLED" });
  });

  it("in a way the broker cannot do leaves the delivery unsettled, to be settled in another way", async () => {
    const { delivery, session, connection } = await oneDelivery();
    session.to(ORDERS).unsupported = ["rejected"];
    expect(await rejectionOf(delivery.reject())).toMatchObject({ code: "UNSUPPORTED" });
    expect(connection.stats()).toMatchObject({ unsettled: 1, settled: 0, stale: 0 });
    expect(await delivery.accept()).toBe("settled");
  });

  it("after close() is stale", async () => {
    const { delivery, connection } = await oneDelivery();
    await connection.close({ drainTimeoutMs: 0 });
    expect(await delivery.accept()).toBe("stale");
  });
});
