/** Messages over AMQP on real brokers: what travels with them, when they are handed out, and how large they may be. */
import { describe, expect, it, vi } from "vitest";
import type { Destination } from "../../src/messaging/messages/destination.ts";
import { parseDestination } from "../../src/messaging/messages/destination.ts";
import { recordedSend } from "../unit/adapters/amqp/scripted-peer.ts";
import { amqpSteps, confirmed, emptied, PRODUCTS, received, subscribed } from "./amqp-steps.ts";

const ACCEPTED = { kind: "accepted" } as const;
const MIB = 1024 * 1024;
/** Classic copies a message several times over. */
const HEAP_MB = 1536;

describe.each(PRODUCTS)("AMQP messages on %s", (product) => {
  const steps = amqpSteps(product, { heapMb: HEAP_MB });

  it("carry a type, a group and its sequence, and when they were sent", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    const before = Date.now();
    await confirmed(session, queue, "x", { type: "order", groupId: "customer-7", groupSequence: 3 });
    await confirmed(session, queue, "last", { groupId: "customer-7", groupSequence: -1 });
    const input = await subscribed(session, queue);
    const first = await received(input, 0);
    expect(first.message).toMatchObject({ type: "order", groupId: "customer-7", groupSequence: 3 });
    expect(first.message.sentAtMs).toBeGreaterThanOrEqual(before);
    expect(first.message.sentAtMs).toBeLessThanOrEqual(Date.now());
    // Classic acts on it and does not hand it on.
    const last = await received(input, 1);
    expect(last.message.groupSequence).toBe(product === "classic" ? undefined : -1);
  });

  it("of one group go to one consumer, in order", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    const consumers = [await subscribed(session, queue), await subscribed(await steps.open(), queue)];
    for (let index = 0; index < 12; index++) {
      await confirmed(session, queue, `${index}`, { groupId: `group-${index % 3}` });
    }
    const total = () => consumers.reduce((sum, { sink }) => sum + sink.deliveries.length, 0);
    while (total() < 12) await new Promise((resolve) => setTimeout(resolve, 10));
    for (let group = 0; group < 3; group++) {
      const places = consumers.map(({ sink }) =>
        sink.deliveries
          .filter(({ message }) => message.groupId === `group-${group}`)
          .map(({ message }) => message.text()),
      );
      expect(places.filter((bodies) => bodies.length > 0)).toEqual([[0, 3, 6, 9].map((step) => `${step + group}`)]);
    }
  });

  it("are handed out no sooner than their delay says, in a transaction too", async () => {
    const session = await steps.open();
    const queue = steps.fresh();
    const input = await subscribed(session, queue);
    const sentAt = Date.now();
    await confirmed(session, queue, "later", { delayMs: 1000 });
    const transaction = session.begin();
    await confirmed(transaction, queue, "committed, later", { delayMs: 1000 });
    expect(await transaction.commit()).toEqual({ kind: "committed" });
    await confirmed(session, queue, "now");
    expect((await received(input, 0)).message.text()).toBe("now");
    await input.sink.delivered(3);
    // A broker rounds to its own clock's ticks.
    expect(Date.now() - sentAt).toBeGreaterThanOrEqual(950);
  });

  it.each([-1, 1])("live and are held back as long as was said while our clock is %i hour off", async (hours) => {
    const session = await steps.open();
    const queue = steps.fresh();
    const input = await subscribed(session, queue);
    const startMs = performance.now();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + hours * 3_600_000 });
    try {
      await confirmed(session, queue, "lives", { ttlMs: 60_000 });
      await confirmed(session, queue, "waits", { delayMs: 1_000 });
    } finally {
      vi.useRealTimers();
    }
    expect((await received(input, 0)).message.text()).toBe("lives");
    expect((await received(input, 1)).message.text()).toBe("waits");
    const waitedMs = performance.now() - startMs;
    expect(waitedMs).toBeGreaterThanOrEqual(950);
    expect(waitedMs).toBeLessThan(20_000);
  });

  it.each(["queue", "topic", "temp-queue", "temp-topic"] as const)("name a %s to reply to", async (kind) => {
    const session = await steps.open();
    const queue = steps.fresh();
    const input = await subscribed(session, queue);
    const isTemporary = kind === "temp-queue";
    const replies = isTemporary ? await subscribed(session, { kind, name: "" }) : undefined;
    const replyTo: Destination = replies?.address ?? {
      kind,
      name: kind === "temp-topic" ? "ID:vm-1-1-1:1:1" : steps.fresh().name,
    };
    await confirmed(session, queue, "question", { replyTo: `${kind}://${replyTo.name}`, correlationId: "c-1" });
    const { message } = await received(input, 0);
    expect(message).toMatchObject({ replyTo: `${kind}://${replyTo.name}`, correlationId: "c-1" });
    if (!replies) return;
    await confirmed(await steps.open(), parseDestination(message.replyTo ?? ""), "answer", { correlationId: "c-1" });
    expect((await received(replies, 0)).message).toMatchObject({ correlationId: "c-1" });
  });

  it("of 64 MiB go both ways in bounded memory", async () => {
    const session = await steps.open({ heartbeatMs: 0 });
    const queue = steps.fresh();
    const body = Buffer.alloc(64 * MIB, 7);
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 5);
    try {
      await confirmed(session, queue, body);
      const input = await subscribed(session, queue, { prefetch: 1 });
      const delivery = await received(input, 0);
      expect(delivery.message.bytes().equals(body)).toBe(true);
      input.subscription.settle(delivery, ACCEPTED);
      await input.subscription.close();
    } finally {
      clearInterval(watch);
    }
    // Measured: under four times the body.
    expect((peak - before) / body.length).toBeLessThan(8);
  }, 120_000);
});

describe("an AMQP message that is too large for the broker", () => {
  const classic = amqpSteps("classic", { maxMessageBytes: MIB });

  it("ends the session on Classic, which names no limit beforehand", async () => {
    const session = await classic.open();
    const queue = classic.fresh();
    await confirmed(session, queue, Buffer.alloc(MIB / 2));
    const send = recordedSend(queue, Buffer.alloc(2 * MIB));
    session.send(send);
    const { error } = await session.ended;
    expect(error).toMatchObject({ code: "SESSION_LOST", message: expect.stringContaining("amqp:decode-error") });
  });
});

describe("an AMQP session on a fresh Artemis", () => {
  const artemis = amqpSteps("artemis");

  it("makes a dead letter of what it rejects, for the dead letter address has a queue", async () => {
    const session = await artemis.open();
    const queue = artemis.fresh();
    await confirmed(session, queue, "x");
    const input = await subscribed(session, queue);
    input.subscription.settle(await received(input, 0), { kind: "rejected", reason: "no such sku" });
    await input.subscription.close();
    expect(await emptied(session, { kind: "queue", name: "DLQ" })).toEqual(["x"]);
    expect(await emptied(session, queue)).toEqual([]);
  });

  it("is refused by a full address, may try again, and goes on", async () => {
    const session = await artemis.open();
    const full: Destination = { kind: "queue", name: "limited.amqp" };
    // Messages of 100 KiB and more are files to Artemis, and do not fill an address.
    let refusal: unknown;
    for (let index = 0; index < 60 && refusal === undefined; index++) {
      const send = recordedSend(full, Buffer.alloc(50 * 1024));
      session.send(send);
      const outcome = await send.outcome;
      if (outcome.kind === "failed") refusal = outcome.error;
    }
    expect(refusal).toMatchObject({
      code: "SEND_REJECTED",
      retryable: true,
      message: expect.stringContaining("resource-limit-exceeded"),
    });
    await confirmed(session, artemis.fresh(), "elsewhere");
  });
});
