import type { EventContext, Sender } from "rhea";
import { describe, expect, it, vi } from "vitest";
import type { IncomingDelivery, SessionSubscription } from "../../../../../src/messaging/port/messaging-session.ts";
import { brokerPeer, openOn, type RecordedSink, recordedSink } from "../scripted-peer.ts";

const ACCEPTED = { kind: "accepted" } as const;

type DrainedSender = Sender & { credit: number; readonly delivery_count: number };

/** A queue of `count` messages, shown as credit comes, unless the n-th request is to be drained at once. */
async function browsed(count: number, prefetch: number, endsAtOnce: (flows: number) => boolean = () => false) {
  const peer = await brokerPeer("ActiveMQ");
  let shown = 0;
  let flows = 0;
  const links: DrainedSender[] = [];
  peer.container.on("sender_open", ({ sender }: EventContext) => sender && links.push(sender as DrainedSender));
  peer.container.on("sender_draining", ({ sender }: EventContext) => {
    const link = sender as DrainedSender;
    flows += 1;
    const batch = endsAtOnce(flows) ? 0 : Math.min(link.credit, count - shown);
    for (let index = 0; index < batch; index++) link.send({ body: `${shown++}` });
    // Drained once rhea has counted what was sent.
    setImmediate(() => link.credit > 0 && link.set_drained(true));
    setImmediate(() => (link.connection as unknown as { _register(): void })._register());
  });
  const session = await openOn(peer);
  const sink = recordedSink();
  const request = { destination: { kind: "queue", name: "orders" }, prefetch, browse: true } as const;
  const subscription = session.subscribe(request, sink);
  let over = false;
  void sink.browsed.then(() => {
    over = true;
  });
  await sink.ready;
  return { peer, links, sink, subscription, flows: () => flows, isOver: () => over };
}

/** Settles what is shown until there is no more. */
async function readAll(sink: RecordedSink, subscription: SessionSubscription, isOver: () => boolean): Promise<void> {
  let read = 0;
  while (!isOver() || read < sink.deliveries.length) {
    await new Promise((resolve) => setImmediate(resolve));
    for (const delivery of sink.deliveries.slice(read)) {
      read += 1;
      expect(subscription.settle(delivery, ACCEPTED)).toBe("settled");
    }
  }
}

describe("browsing over AMQP", () => {
  it.each([
    [0, 5],
    [3, 5],
    [5, 5],
    [12, 5],
    [15, 5],
  ])("shows %i messages in batches of %i, then says that this was all", async (count, prefetch) => {
    const { sink, subscription, isOver, links } = await browsed(count, prefetch);
    await readAll(sink, subscription, isOver);
    expect(sink.deliveries.map(({ message }) => message.text())).toEqual(
      Array.from({ length: count }, (_, index) => `${index}`),
    );
    expect(links[0]?.source.distribution_mode).toBe("copy");
    await subscription.close();
  });

  it("asks for no more until what it has shown was read", async () => {
    const { sink, subscription, flows } = await browsed(20, 5);
    await sink.delivered(5);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(sink.deliveries.length).toBe(5);
    expect(flows()).toBe(1);
    const [first, ...others] = sink.deliveries as [IncomingDelivery, ...IncomingDelivery[]];
    for (const delivery of others) subscription.settle(delivery, ACCEPTED);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(flows()).toBe(1);
    subscription.settle(first, ACCEPTED);
    expect(subscription.settle(first, ACCEPTED)).toBe("stale");
    await sink.delivered(10);
  });

  it("asks once more after a full batch that was followed by an early end, as Classic may send it", async () => {
    // The end of the first batch, come late, drains the second before anything of it is sent.
    const { sink, subscription, isOver } = await browsed(8, 5, (flow) => flow === 2);
    await readAll(sink, subscription, isOver);
    expect(sink.deliveries.length).toBe(8);
  });

  it("is not taken in by word of credit that is long used up, and prints nothing", async () => {
    const spy = vi.spyOn(console, "error").mockImplementation(() => {});
    const { sink, subscription, isOver, links } = await browsed(8, 5);
    await sink.delivered(5);
    const [link] = links as [DrainedSender];
    const amqpSession = link.session as unknown as {
      output(frame: object): void;
      _write_flow(link: object): void;
    };
    // A drained flow of before, and one that leaves credit.
    for (const fields of [
      { delivery_count: 0, credit: 0 },
      { delivery_count: 5, credit: 3 },
    ]) {
      amqpSession._write_flow({ local: link["local" as keyof Sender], _get_drain: () => true, ...fields });
    }
    await readAll(sink, subscription, isOver);
    expect(sink.deliveries.length).toBe(8);
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });
});
