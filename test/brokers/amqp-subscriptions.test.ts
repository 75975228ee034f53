/**
 * Subscriptions over AMQP on real brokers: named, shared, exclusive, with wildcards, of several destinations, and
 * browsers.
 */
import { describe, expect, it } from "vitest";
import { SubscriptionRefusedError, UnsupportedError } from "../../src/errors/errors.ts";
import type { NamedSubscription } from "../../src/messaging/port/messaging-session.ts";
import { recordedSend } from "../unit/adapters/amqp/scripted-peer.ts";
import { amqpSteps, confirmed, emptied, PRODUCTS, received, subscribed } from "./amqp-steps.ts";

const ACCEPTED = { kind: "accepted" } as const;
const DURABLE: NamedSubscription = { name: "audit", durable: true, shared: false };
const UNSUPPORTED = { code: "SUBSCRIPTION_REFUSED", retryable: false, cause: expect.any(UnsupportedError) };

describe.each(PRODUCTS)("AMQP subscriptions on %s", (product) => {
  const steps = amqpSteps(product);
  const isClassic = product === "classic";

  describe("by name", () => {
    it("keep collecting while nobody is there, on this session and on the next", async () => {
      const clientId = steps.fresh().name;
      const topic = steps.fresh("topic");
      const first = await steps.open({ clientId });
      const before = await subscribed(first, topic, { subscription: DURABLE });
      await before.subscription.close();
      await confirmed(first, topic, "away");
      const again = await subscribed(first, topic, { subscription: DURABLE });
      again.subscription.settle(await received(again, 0), ACCEPTED);
      await again.subscription.close();
      await first.close(AbortSignal.timeout(5000));
      const second = await steps.open({ clientId });
      await confirmed(second, topic, "gone");
      const next = await subscribed(second, topic, { subscription: DURABLE });
      expect((await received(next, 0)).message.text()).toBe("gone");
    });

    it("are deleted by unsubscribe, with what they hold, and are unknown then", async () => {
      const session = await steps.open({ clientId: steps.fresh().name });
      const topic = steps.fresh("topic");
      const before = await subscribed(session, topic, { subscription: DURABLE });
      await before.subscription.close();
      await confirmed(session, topic, "lost");
      await session.unsubscribe(DURABLE);
      await expect(session.unsubscribe(DURABLE)).rejects.toMatchObject({
        code: "SUBSCRIPTION_REFUSED",
        retryable: false,
        message: expect.stringContaining("amqp:not-found"),
      });
      const after = await subscribed(session, topic, { subscription: DURABLE });
      await confirmed(session, topic, "first");
      expect((await received(after, 0)).message.text()).toBe("first");
    });

    it("are refused while another link has them, and may be asked for again; so is unsubscribe", async () => {
      const session = await steps.open({ clientId: steps.fresh().name });
      const topic = steps.fresh("topic");
      const holder = await subscribed(session, topic, { subscription: DURABLE });
      const refusal = await subscribed(session, topic, { subscription: DURABLE }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(SubscriptionRefusedError);
      expect(refusal).toMatchObject({ retryable: true, message: expect.stringContaining("amqp:internal-error") });
      await expect(session.unsubscribe(DURABLE)).rejects.toMatchObject({ retryable: true });
      await confirmed(session, topic, "still here");
      expect((await received(holder, 0)).message.text()).toBe("still here");
    });

    it(
      isClassic
        ? "belong to one connection at a time: the second with its client id is told so"
        : "are held by one session at a time, as Artemis lets two connections have one client id",
      async () => {
        const clientId = steps.fresh().name;
        const topic = steps.fresh("topic");
        const holder = await subscribed(await steps.open({ clientId }), topic, { subscription: DURABLE });
        const second = await steps.open({ clientId }).catch((error: unknown) => error);
        if (isClassic) {
          expect(second).toMatchObject({
            code: "ENDPOINT_REJECTED",
            verdict: "next",
            message: expect.stringContaining("another live connection uses this clientId"),
          });
          return;
        }
        const refusal = await subscribed(second as never, topic, { subscription: DURABLE }).catch((error) => error);
        expect(refusal).toMatchObject({ code: "SUBSCRIPTION_REFUSED", retryable: true });
        await holder.subscription.close();
        await subscribed(second as never, topic, { subscription: DURABLE });
      },
    );

    it("need a client id, unless they are shared", async () => {
      const refusal = await subscribed(await steps.open(), steps.fresh("topic"), { subscription: DURABLE }).catch(
        (error: unknown) => error,
      );
      expect(refusal).toMatchObject(UNSUPPORTED);
    });

    it.each([true, false])("are shared by the consumers of all connections (durable: %s)", async (durable) => {
      const subscription = { name: `pool-${durable}`, durable, shared: true };
      const [session, other] = [await steps.open({ clientId: steps.fresh().name }), await steps.open()];
      const topic = steps.fresh("topic");
      if (isClassic) {
        const refusal = await subscribed(session, topic, { subscription }).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ ...UNSUPPORTED, message: expect.stringContaining("VirtualTopic") });
        await expect(session.unsubscribe(subscription)).rejects.toBeInstanceOf(UnsupportedError);
        return;
      }
      const pool = [
        await subscribed(session, topic, { subscription }),
        await subscribed(other, topic, { subscription }),
        await subscribed(other, topic, { subscription }),
      ];
      for (let index = 0; index < 9; index++) await confirmed(session, topic, `${index}`);
      for (const { sink } of pool) await sink.delivered(3);
      for (const { sink, subscription: link } of pool) {
        for (const delivery of sink.deliveries) link.settle(delivery, ACCEPTED);
        await link.close();
      }
      await confirmed(session, topic, "away");
      const again = await subscribed(other, topic, { subscription });
      await confirmed(session, topic, "here");
      expect((await received(again, 0)).message.text()).toBe(durable ? "away" : "here");
      await again.subscription.close();
      if (durable) await session.unsubscribe(subscription);
    });
  });

  it("match `*` and a last `>`, the name before it included", async () => {
    const session = await steps.open();
    const { name } = steps.fresh();
    const topic = (rest: string) => ({ kind: "topic", name: name + rest }) as const;
    const all = await subscribed(session, topic(".>"));
    const some = await subscribed(session, topic(".*.x"));
    for (const rest of [".a.x", ".a", ""]) await confirmed(session, topic(rest), rest);
    await all.sink.delivered(3);
    expect(all.texts()).toEqual([".a.x", ".a", ""]);
    expect(all.sink.deliveries[0]?.message.destination).toBe(`topic://${name}.a.x`);
    expect(some.texts()).toEqual([".a.x"]);
  });

  it(isClassic ? "match wildcards of queues" : "refuse wildcards of queues", async () => {
    const session = await steps.open();
    const { name } = steps.fresh();
    const asked = subscribed(session, { kind: "queue", name: `${name}.>` });
    if (!isClassic) {
      expect(await asked.catch((error: unknown) => error)).toMatchObject(UNSUPPORTED);
      return;
    }
    const all = await asked;
    await confirmed(session, { kind: "queue", name: `${name}.a` }, "a");
    expect((await received(all, 0)).message.destination).toBe(`queue://${name}.a`);
  });

  it(isClassic ? "and sends take several destinations" : "and sends refuse several destinations", async () => {
    const session = await steps.open();
    const [one, two, topic] = [steps.fresh(), steps.fresh(), steps.fresh("topic")];
    const list = { kind: "queue", name: `${one.name},${two.name}` } as const;
    const send = recordedSend({ kind: "queue", name: `${list.name},topic://${topic.name}` }, "all");
    if (!isClassic) {
      session.send(send);
      expect(await send.outcome).toMatchObject({ kind: "failed", error: expect.any(UnsupportedError) });
      expect(await subscribed(session, list).catch((error: unknown) => error)).toMatchObject(UNSUPPORTED);
      return;
    }
    const news = await subscribed(session, topic);
    session.send(send);
    expect(await send.outcome).toEqual({ kind: "confirmed" });
    await news.sink.delivered(1);
    const both = await subscribed(session, list);
    await both.sink.delivered(2);
    expect(both.sink.deliveries.map(({ message }) => message.destination).sort()).toEqual(
      [`queue://${one.name}`, `queue://${two.name}`].sort(),
    );
  });

  it(isClassic ? "are exclusive where that is asked" : "refuse to be exclusive", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    const plain = await subscribed(session, queue);
    const asked = subscribed(session, queue, { exclusive: true });
    if (!isClassic) {
      expect(await asked.catch((error: unknown) => error)).toMatchObject(UNSUPPORTED);
      return;
    }
    const exclusive = await asked;
    for (let index = 0; index < 6; index++) await confirmed(session, queue, `${index}`);
    await exclusive.sink.delivered(6);
    expect(plain.sink.deliveries).toEqual([]);
    await exclusive.subscription.close();
    await plain.sink.delivered(6);
  });

  it.each([0, 5, 10, 25])("browse %i messages in batches of ten, and take none", async (count) => {
    const session = await steps.open();
    const queue = steps.fresh();
    const bodies = Array.from({ length: count }, (_, index) => `${index}`);
    for (const body of bodies) await confirmed(session, queue, body, { properties: { odd: Number(body) % 2 } });
    const browser = await subscribed(session, queue, { browse: true, prefetch: 10 });
    let read = 0;
    let over = false;
    void browser.sink.browsed.then(() => {
      over = true;
    });
    while (!over || read < browser.sink.deliveries.length) {
      expect(browser.sink.deliveries.length - read).toBeLessThanOrEqual(10);
      const delivery = browser.sink.deliveries[read];
      if (delivery) {
        browser.subscription.settle(delivery, ACCEPTED);
        read += 1;
      } else await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(browser.texts()).toEqual(bodies);
    await browser.subscription.close();
    const odd = await subscribed(session, queue, { browse: true, prefetch: 100, selector: "odd = 1" });
    await odd.sink.browsed;
    expect(odd.texts()).toEqual(bodies.filter((body) => Number(body) % 2 === 1));
    await odd.subscription.close();
    expect(await emptied(session, queue)).toEqual(bodies);
  });

  it("live in a temporary queue as long as their link", async () => {
    const [session, other] = [await steps.open(), await steps.open()];
    const replies = await subscribed(session, { kind: "temp-queue", name: "" });
    const { address } = replies;
    if (!address) throw new Error("no address");
    expect(address.kind).toBe("temp-queue");
    await confirmed(other, address, "answer");
    const answer = await received(replies, 0);
    expect(answer.message.text()).toBe("answer");
    expect(answer.message.destination).toBe(`temp-queue://${address.name}`);
    replies.subscription.settle(answer, ACCEPTED);
    await replies.subscription.close();
    const late = recordedSend(address, "late");
    (await steps.open()).send(late);
    // For Artemis this is a queue name like any other, so it creates the queue.
    expect((await late.outcome).kind).toBe(isClassic ? "failed" : "confirmed");
  });

  it("give back what was rejected, released and modified as AMQP has it", async () => {
    const session = await steps.open();
    const deadLetters = { kind: "queue", name: isClassic ? "ActiveMQ.DLQ" : "DLQ" } as const;
    // Held open, because Artemis deletes an empty queue without consumers, and then discards what is rejected.
    const dead = await subscribed(session, deadLetters, { prefetch: 100 });
    const queue = steps.fresh();
    for (const body of ["reject", "here", "release", "modify"]) await confirmed(session, queue, body);
    const input = await subscribed(session, queue);
    await input.sink.delivered(4);
    const settlements = [
      { kind: "rejected", reason: "no such sku" },
      { kind: "modified", deliveryFailed: true, undeliverableHere: true },
      { kind: "released" },
      { kind: "modified", deliveryFailed: true, undeliverableHere: false },
    ] as const;
    input.sink.deliveries.slice(0, 4).forEach((delivery, index) => {
      input.subscription.settle(delivery, settlements[index] as (typeof settlements)[number]);
    });
    await input.sink.delivered(6);
    const again = input.sink.deliveries.slice(4).map(({ message, deliveryCount }) => [message.text(), deliveryCount]);
    expect(again.sort()).toEqual([
      ["modify", 1],
      ["release", 0],
    ]);
    for (const delivery of input.sink.deliveries.slice(4)) input.subscription.settle(delivery, ACCEPTED);
    // Artemis keeps a message that is undeliverable here for another consumer; Classic makes it a dead letter.
    await dead.sink.delivered(isClassic ? 2 : 1);
    await input.subscription.close();
    expect(await emptied(session, queue)).toEqual(isClassic ? [] : ["here"]);
    expect(dead.texts()).toEqual(isClassic ? ["reject", "here"] : ["reject"]);
    // Neither broker keeps the reason.
    expect(JSON.stringify(dead.sink.deliveries.map(({ message }) => message.properties))).not.toContain("no such sku");
  });
});
