import { expect, it, vi } from "vitest";
import { InFlightBudget } from "../../../../src/bridge/forwarding/budget.ts";
import { noCounts } from "../../../../src/bridge/forwarding/counts.ts";
import { Forwarder, type ForwarderDeps } from "../../../../src/bridge/forwarding/forwarder.ts";
import { Gate } from "../../../../src/bridge/forwarding/gate.ts";
import { TopicTwins } from "../../../../src/bridge/forwarding/topic-twins.ts";
import { routeOf } from "../../../../src/bridge/routing/route.ts";
import { MasterSlaveError } from "../../../../src/errors/errors.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";
import type { Delivery } from "../../../../src/messaging/receiving/deliveries/delivery.ts";

/** A forwarder whose target refuses every message for what it is, and whose source answers copies by hand. */
function play(copies: ((refusal?: MasterSlaveError) => void)[]) {
  const source = {
    broker: { product: "activemq" },
    send: () =>
      new Promise<void>((resolve, reject) => {
        copies.push((refusal) => (refusal ? reject(refusal) : resolve()));
      }),
  };
  const target = { send: () => Promise.reject(new MasterSlaveError("MESSAGE_TOO_LARGE", "too large")) };
  const deps = {
    rules: {
      ...{ link: "orders", route: routeOf({ include: ["queue://orders"] }), headers: undefined, convert: undefined },
      ...{ path: { from: "north", to: "south", maxHops: 1 }, protocol: "stomp", targetProtocol: "stomp" },
    },
    ...{ map: undefined, target, gate: new Gate(), counts: noCounts(), twins: new TopicTwins(), maxInFlight: 10 },
    deadLetters: { source, protocol: "stomp", link: "orders", group: "north", queue: undefined },
    budget: new InFlightBudget({ maxCount: 10, maxBytes: 10_000 }),
    ...{ onHold: () => {}, comesAgain: () => {} },
  };
  return new Forwarder(deps as unknown as ForwarderDeps);
}

/** A delivery of one message, in a session of its own. */
function delivery() {
  const message = new ReceivedMessage({
    ...{ body: Buffer.from("x"), kind: "text", id: "ID:1", brokerMessageId: "ID:1", properties: {} },
    destination: "queue://orders",
  } as unknown as ReceivedContent);
  const session = { held: true, settled: "" };
  const settle = (as: string) => async () => {
    if (!session.held) return "stale";
    session.settled = as;
    return "settled";
  };
  const origin = { holds: () => session.held };
  const made = { message, origin, accept: settle("accepted"), reject: settle("rejected") };
  return { session, made: made as unknown as Delivery };
}

it("a dead letter whose copy is confirmed after a failover of the source is accepted where it came again", async () => {
  const copies: (() => void)[] = [];
  const forwarder = play(copies);
  const [first, second] = [delivery(), delivery()];
  await forwarder.take(first.made, 1);
  await vi.waitFor(() => expect(copies).toHaveLength(1));
  first.session.held = false;
  forwarder.sourceInterrupted();
  await forwarder.take(second.made, 1);
  copies[0]?.();
  await vi.waitFor(() => expect(second.session.settled).toBe("accepted"));
  expect([copies.length, forwarder.unacknowledged, forwarder.counts.deadLettered]).toEqual([1, 0, 1]);
});

it("a dead letter whose copy is refused for our rights stays unsettled, and is the reason why the link is blocked", async () => {
  const copies: ((refusal?: MasterSlaveError) => void)[] = [];
  const forwarder = play(copies);
  const { session, made } = delivery();
  await forwarder.take(made, 1);
  await vi.waitFor(() => expect(copies).toHaveLength(1));
  copies[0]?.(new MasterSlaveError("SEND_REJECTED", "User bridge is not authorized"));
  await vi.waitFor(() => expect(forwarder.refusal?.code).toBe("DEAD_LETTERS_REFUSED"));
  expect([session.settled, forwarder.unacknowledged, forwarder.isSettling]).toEqual(["", 1, false]);
  forwarder.close();
  await vi.waitFor(() => expect(forwarder.unacknowledged).toBe(0));
  expect(session.settled).toBe("");
});

it("a dead letter whose copy is refused for what it is, is rejected", async () => {
  const copies: ((refusal?: MasterSlaveError) => void)[] = [];
  const forwarder = play(copies);
  const { session, made } = delivery();
  await forwarder.take(made, 1);
  await vi.waitFor(() => expect(copies).toHaveLength(1));
  copies[0]?.(new MasterSlaveError("MESSAGE_TOO_LARGE", "too large"));
  await vi.waitFor(() => expect(session.settled).toBe("rejected"));
});
