import type { EventContext } from "rhea";
import { describe, expect, it } from "vitest";
import type { IncomingDelivery } from "../../../../../src/messaging/port/messaging-session.ts";
import { brokerPeer, openOn, type RheaPeer, recordedSink } from "../scripted-peer.ts";

const queue = (prefetch: number) => ({ destination: { kind: "queue", name: "orders" }, prefetch }) as const;

/** A broker that sends so many messages as credit comes, and counts what became of each. */
async function sendingBroker(count: number): Promise<{ peer: RheaPeer; settled: () => number }> {
  const peer = await brokerPeer("ActiveMQ");
  let sent = 0;
  let settled = 0;
  peer.container.on("sendable", ({ sender }: EventContext) => {
    while (sent < count && sender?.sendable()) sender.send({ body: String(sent++) });
  });
  peer.container.on("settled", () => {
    settled += 1;
  });
  return { peer, settled: () => settled };
}

describe("an unsettled delivery", () => {
  it("costs one credit and nothing else: 12,000 others come while the first waits", async () => {
    const { peer } = await sendingBroker(12_000);
    const session = await openOn(peer);
    let waiting: IncomingDelivery | undefined;
    let settled = 0;
    let told = () => {};
    const all = new Promise<void>((resolve) => {
      told = resolve;
    });
    const subscription = session.subscribe(queue(100), {
      ...recordedSink(),
      onDelivery(delivery) {
        if (!waiting) {
          waiting = delivery;
          return;
        }
        expect(subscription.settle(delivery, { kind: "accepted" })).toBe("settled");
        if (++settled === 11_999) told();
      },
    });
    await all;
    if (!waiting) throw new Error("Nothing came");
    expect(waiting.message.text()).toBe("0");
    expect(subscription.settle(waiting, { kind: "accepted" })).toBe("settled");
  }, 30_000);

  it("is settled at the broker, however late and in whichever order", async () => {
    const { peer, settled } = await sendingBroker(50);
    const session = await openOn(peer);
    const sink = recordedSink();
    const subscription = session.subscribe(queue(50), sink);
    await sink.delivered(50);
    for (const delivery of sink.deliveries.toReversed()) subscription.settle(delivery, { kind: "accepted" });
    await expect.poll(settled).toBe(50);
  });

  it("of a session that has no credit left stops the broker at the prefetch", async () => {
    const { peer } = await sendingBroker(1000);
    const session = await openOn(peer);
    const sink = recordedSink();
    session.subscribe(queue(20), sink);
    await sink.delivered(20);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sink.deliveries).toHaveLength(20);
  });
});
