/**
 * Transactions over AMQP on real brokers: what takes effect together, what is redelivered, and how each broker answers.
 */
import { describe, expect, it } from "vitest";
import { ConnectionClosedError } from "../../src/errors/errors.ts";
import type { IncomingDelivery } from "../../src/messaging/port/messaging-session.ts";
import { recordedSend } from "../unit/adapters/amqp/scripted-peer.ts";
import { amqpSteps, confirmed, emptied, PRODUCTS, received, subscribed } from "./amqp-steps.ts";
import { RESTRICTED_CREDENTIALS } from "./real-group.ts";

const ACCEPTED = { kind: "accepted" } as const;

describe.each(PRODUCTS)("AMQP transactions on %s", (product) => {
  const steps = amqpSteps(product);

  it("commit what was sent and accepted at once, and nothing is visible before", async () => {
    const session = await steps.open();
    const [source, target] = [steps.fresh(), steps.fresh()];
    await confirmed(session, source, "in");
    const input = await subscribed(session, source);
    const output = await subscribed(await steps.open(), target);
    const transaction = session.begin();
    await confirmed(transaction, target, "out");
    await confirmed(transaction, target, "x".repeat(300_000));
    expect(input.subscription.settle(await received(input, 0), ACCEPTED, { transaction })).toBe("settled");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(output.sink.deliveries).toEqual([]);
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    await output.sink.delivered(2);
    expect(output.texts().map((text) => text.length)).toEqual([3, 300_000]);
    await input.subscription.close();
    expect(await emptied(session, source)).toEqual([]);
  });

  it("undo all of it when rolled back: what was accepted comes again by itself, counted", async () => {
    const session = await steps.open();
    const [source, target] = [steps.fresh(), steps.fresh()];
    await confirmed(session, source, "in");
    const input = await subscribed(session, source);
    const transaction = session.begin();
    await confirmed(transaction, target, "out");
    const first = await received(input, 0);
    input.subscription.settle(first, ACCEPTED, { transaction });
    await transaction.rollback();
    const again = await received(input, 1);
    expect(again).toMatchObject({ redelivered: true, deliveryCount: 1 });
    expect(input.subscription.settle(first, ACCEPTED)).toBe("stale");
    expect(input.subscription.settle(again, ACCEPTED)).toBe("settled");
    await input.subscription.close();
    expect(await emptied(session, source)).toEqual([]);
    expect(await emptied(session, target)).toEqual([]);
  });

  it("accept more than the prefetch", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    for (let index = 0; index < 30; index++) await confirmed(session, queue, `${index}`);
    const input = await subscribed(session, queue, { prefetch: 5 });
    const transaction = session.begin();
    for (let index = 0; index < 30; index++) {
      input.subscription.settle(await received(input, index), ACCEPTED, { transaction });
    }
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    await input.subscription.close();
    expect(await emptied(session, queue)).toEqual([]);
  });

  it("are apart from each other, although they accept from one subscription", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    for (const body of ["a", "b", "c", "d"]) await confirmed(session, queue, body);
    const input = await subscribed(session, queue);
    await input.sink.delivered(4);
    const [a, b, c, d] = input.sink.deliveries as [
      IncomingDelivery,
      IncomingDelivery,
      IncomingDelivery,
      IncomingDelivery,
    ];
    const [kept, undone] = [session.begin(), session.begin()];
    input.subscription.settle(a, ACCEPTED, { transaction: kept });
    input.subscription.settle(b, ACCEPTED, { transaction: undone });
    expect(await kept.commit()).toEqual({ kind: "committed" });
    await undone.rollback();
    expect((await received(input, 4)).message.text()).toBe("b");
    const both = [session.begin(), session.begin()] as const;
    input.subscription.settle(c, ACCEPTED, { transaction: both[0] });
    input.subscription.settle(d, ACCEPTED, { transaction: both[1] });
    expect((await Promise.all(both.map((each) => each.commit()))).map(({ kind }) => kind)).toEqual([
      "committed",
      "committed",
    ]);
    await input.subscription.close();
    expect(await emptied(session, queue)).toEqual(["b"]);
  });

  it("commit a hundred and four, eight at a time", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    await Promise.all(
      Array.from({ length: 8 }, async (_, lane) => {
        for (let index = 0; index < 13; index++) {
          const transaction = session.begin();
          await confirmed(transaction, queue, `${lane}-${index}`);
          expect(await transaction.commit()).toEqual({ kind: "committed" });
        }
      }),
    );
    expect((await emptied(session, queue, 104)).length).toBe(104);
  });

  it("roll back when a member is refused", async () => {
    const session = await steps.open({ credentials: () => RESTRICTED_CREDENTIALS });
    const allowed = steps.fresh();
    const transaction = session.begin();
    await confirmed(transaction, allowed, "allowed");
    const forbidden = recordedSend({ kind: "queue", name: `secret-${product}` }, "x");
    transaction.send(forbidden);
    expect(await forbidden.outcome).toMatchObject({ kind: "failed", error: { code: "SEND_REJECTED" } });
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back", error: { code: "SEND_REJECTED" } });
    expect(await emptied(session, allowed)).toEqual([]);
  });

  it("roll back with their session", async () => {
    const session = await steps.open();
    const [source, target] = [steps.fresh(), steps.fresh()];
    await confirmed(session, source, "in");
    const input = await subscribed(session, source);
    const transaction = session.begin();
    await confirmed(transaction, target, "out");
    input.subscription.settle(await received(input, 0), ACCEPTED, { transaction });
    session.destroy(new ConnectionClosedError("The test ends it"));
    expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
    const other = await steps.open();
    expect(await emptied(other, source)).toEqual(["in"]);
    expect(await emptied(other, target)).toEqual([]);
  });

  it(
    product === "artemis"
      ? "are refused whole for one id that was stored before, and what they accepted comes again"
      : "store an id a second time, as Classic knows no duplicates",
    async () => {
      const session = await steps.open();
      const [source, target] = [steps.fresh(), steps.fresh()];
      const id = `${target.name}-once`;
      await confirmed(session, source, "in");
      const first = session.begin();
      await confirmed(first, target, "out", { id });
      expect(await first.commit()).toEqual({ kind: "committed" });
      const input = await subscribed(session, source);
      const second = session.begin();
      await confirmed(second, target, "out", { id });
      await confirmed(second, target, "another");
      input.subscription.settle(await received(input, 0), ACCEPTED, { transaction: second });
      const outcome = await second.commit();
      if (product === "classic") {
        expect(outcome).toEqual({ kind: "committed" });
        expect(await emptied(session, target)).toEqual(["out", "out", "another"]);
        return;
      }
      expect(outcome).toMatchObject({
        kind: "rolled-back",
        error: { message: expect.stringContaining("failed: Duplicate message detected") },
      });
      expect(await received(input, 1)).toMatchObject({ deliveryCount: 1 });
      expect(await emptied(session, target)).toEqual(["out"]);
    },
  );
});
