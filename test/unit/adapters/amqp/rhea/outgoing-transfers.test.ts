import { createRequire } from "node:module";
import type { EventContext } from "rhea";
import { describe, expect, it, vi } from "vitest";
import type { SessionTransaction } from "../../../../../src/messaging/port/messaging-session.ts";
import { coordinatorPeer, declared } from "../coordinator-peer.ts";
import { brokerPeer, openOn, recordedSend } from "../scripted-peer.ts";

/** rhea looks these functions up at each call. */
const frames: { transfer(fields: object): object } = createRequire(import.meta.url)("rhea/lib/frames.js");

/** A broker that accepts all, the link of a session to it, and what came. */
async function acceptingBroker(options: object = {}) {
  const peer = await brokerPeer("ActiveMQ", 1000, options);
  const received: { readonly id: number; readonly tag: string; readonly body: string }[] = [];
  peer.container.on("message", ({ delivery, message }: EventContext) => {
    const { id, tag } = delivery as unknown as { readonly id: number; readonly tag: Buffer };
    received.push({ id, tag: tag.toString("hex"), body: String(message?.body) });
  });
  return { peer, received, session: await openOn(peer) };
}

interface ReceivedTransfer {
  readonly id: number;
  readonly tag: string;
  readonly body: string;
  /** The transaction that the first frame of the delivery says. */
  readonly txnId: string | undefined;
}

/** A broker with transactions, the link of a session to it, what came, and the sizes of the frames that it came in. */
async function transactingBroker(options: object = {}) {
  const peer = await coordinatorPeer("ActiveMQ", options);
  const received: ReceivedTransfer[] = [];
  const frameSizes: number[] = [];
  peer.container.on("receiver_open", ({ receiver }: EventContext) => {
    if (!receiver || peer.coordinators.includes(receiver)) return;
    const amqpSession = receiver.session as unknown as { on_transfer(frame: { readonly size: number }): void };
    const receive = amqpSession.on_transfer.bind(amqpSession);
    amqpSession.on_transfer = (frame) => {
      frameSizes.push(frame.size);
      receive(frame);
    };
  });
  peer.container.on("message", ({ delivery, message, receiver }: EventContext) => {
    if (!receiver || peer.coordinators.includes(receiver)) return;
    const { id, tag, remote_state: state } = delivery as unknown as DeliveryOfPeer;
    received.push({ id, tag: tag.toString("hex"), body: String(message?.body), txnId: state?.[0].toString() });
  });
  return { peer, received, frameSizes, session: await openOn(peer) };
}

interface DeliveryOfPeer {
  readonly id: number;
  readonly tag: Buffer;
  readonly remote_state?: readonly [Buffer];
}

/** Resolves when the transaction is declared, its link attached, and a first message sent in it. */
async function begun(transaction: SessionTransaction): Promise<void> {
  const send = recordedSend("queue://q", "first");
  transaction.send(send);
  expect(await send.outcome).toEqual({ kind: "confirmed" });
}

describe("transfers of one frame", () => {
  it("are written without rhea, in order, each with an id and a tag of its own", async () => {
    const { received, session } = await acceptingBroker();
    const transfer = vi.spyOn(frames, "transfer");
    const sends = Array.from({ length: 300 }, (_, n) => recordedSend("queue://q", `${n}`));
    for (const send of sends) session.send(send);
    const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(sends.map(() => ({ kind: "confirmed" })));
    expect(received.map(({ body }) => body)).toEqual(sends.map((_, n) => `${n}`));
    expect(received.map(({ id }) => id)).toEqual(sends.map((_, n) => n));
    expect(new Set(received.map(({ tag }) => tag)).size).toBe(300);
    expect(transfer).not.toHaveBeenCalled();
    transfer.mockRestore();
  });

  it("go on after more than rhea keeps of them", async () => {
    const { received, session } = await acceptingBroker();
    for (let round = 0; round < 5; round++) {
      const sends = Array.from({ length: 1000 }, (_, n) => recordedSend("queue://q", `${round * 1000 + n}`));
      for (const send of sends) session.send(send);
      await Promise.all(sends.map(({ outcome }) => outcome));
    }
    expect(received.map(({ body }) => body)).toEqual(Array.from({ length: 5000 }, (_, n) => `${n}`));
  });
});

describe("transfers of several frames", () => {
  it("are rhea's, and so are those behind them; all keep their order and have tags of their own", async () => {
    const { received, session } = await acceptingBroker({ max_frame_size: 1024 });
    const transfer = vi.spyOn(frames, "transfer");
    const long = "x".repeat(5_000);
    const bodies = ["a", long, "b", "c", long, long, "d"];
    const sends = bodies.map((body) => recordedSend("queue://q", body));
    for (const send of sends) session.send(send);
    await Promise.all(sends.map(({ outcome }) => outcome));
    expect(received.map(({ body }) => body)).toEqual(bodies);
    expect(new Set(received.map(({ tag }) => tag)).size).toBe(bodies.length);
    expect(transfer).toHaveBeenCalled();
    transfer.mockRestore();
  });
});

describe("transfers that are part of a transaction", () => {
  it("are written without rhea when they fit into one frame, each with its state, id and tag", async () => {
    const { received, session } = await transactingBroker();
    const transaction = session.begin();
    await begun(transaction);
    const transfer = vi.spyOn(frames, "transfer");
    const sends = Array.from({ length: 300 }, (_, n) => recordedSend("queue://q", `${n}`));
    for (const send of sends) transaction.send(send);
    const outcomes = await Promise.all(sends.map(({ outcome }) => outcome));
    expect(outcomes).toEqual(sends.map(() => ({ kind: "confirmed" })));
    expect(transfer).not.toHaveBeenCalled();
    transfer.mockRestore();
    expect(received.slice(1).map(({ body }) => body)).toEqual(sends.map((_, n) => `${n}`));
    expect(received.map(({ id }) => id)).toEqual(received.map((_, n) => n));
    expect(new Set(received.map(({ tag }) => tag)).size).toBe(301);
    expect(new Set(received.map(({ txnId }) => txnId))).toEqual(new Set(["tx-1"]));
    expect(await transaction.commit()).toEqual({ kind: "committed" });
  });

  it("keep their own state, and ids and tags in one sequence, among plain ones and those of another transaction", async () => {
    const { received, session } = await transactingBroker();
    const [first, second] = [session.begin(), session.begin()] as const;
    await begun(first);
    await begun(second);
    const transfer = vi.spyOn(frames, "transfer");
    const senders = [first, session, second, second, session, session, first];
    const sends = Array.from({ length: 140 }, (_, n) => recordedSend("queue://q", `${n % senders.length}`));
    sends.forEach((send, n) => {
      senders[n % senders.length]?.send(send);
    });
    await Promise.all(sends.map(({ outcome }) => outcome));
    expect(transfer).not.toHaveBeenCalled();
    transfer.mockRestore();
    const mixed = received.slice(2);
    expect(mixed.map(({ body }) => body)).toEqual(sends.map((_, n) => `${n % senders.length}`));
    const states = ["tx-1", undefined, "tx-2", "tx-2", undefined, undefined, "tx-1"];
    expect(mixed.map(({ txnId }) => txnId)).toEqual(sends.map((_, n) => states[n % states.length]));
    expect(received.map(({ id }) => id)).toEqual(received.map((_, n) => n));
    expect(new Set(received.map(({ tag }) => tag)).size).toBe(received.length);
  });

  it("keep their state, order and tags when some of them take several frames, among plain ones", async () => {
    const { received, session } = await transactingBroker({ max_frame_size: 1024 });
    const transaction = session.begin();
    await begun(transaction);
    const long = "x".repeat(5_000);
    const bodies = ["a", long, "b", long, "c", "d", long, long];
    const sends = bodies.map((body) => recordedSend("queue://q", body));
    sends.forEach((send, n) => {
      if (n % 2 === 0) session.send(send);
      else transaction.send(send);
    });
    await Promise.all(sends.map(({ outcome }) => outcome));
    expect(received.slice(1).map(({ body }) => body)).toEqual(bodies);
    expect(received.slice(1).map(({ txnId }) => txnId)).toEqual(
      bodies.map((_, n) => (n % 2 === 0 ? undefined : "tx-1")),
    );
    expect(received.map(({ id }) => id)).toEqual(received.map((_, n) => n));
    expect(new Set(received.map(({ tag }) => tag)).size).toBe(received.length);
  });

  it.each([512, 1024])(
    "fit into frames of %i bytes with the longest name of a transaction, whatever their length",
    async (limit) => {
      const { peer, received, frameSizes, session } = await transactingBroker({ max_frame_size: limit });
      const txnId = "t".repeat(200);
      peer.onDeclare = (delivery) => delivery.update(true, declared(txnId));
      const transaction = session.begin();
      await begun(transaction);
      const bodies = Array.from({ length: limit }, (_, length) => "x".repeat(length + 1));
      const sends = bodies.map((body) => recordedSend("queue://q", body));
      for (const send of sends) transaction.send(send);
      await Promise.all(sends.map(({ outcome }) => outcome));
      expect(received.slice(1).map(({ body }) => body)).toEqual(bodies);
      expect(new Set(received.map((transfer) => transfer.txnId))).toEqual(new Set([txnId]));
      expect(Math.max(...frameSizes)).toBeLessThanOrEqual(limit);
      expect(frameSizes.length).toBeGreaterThan(received.length);
      expect(await transaction.commit()).toEqual({ kind: "committed" });
      expect(peer.log.at(-1)).toBe(`discharge ${txnId}`);
    },
  );
});

describe("outcomes", () => {
  it("other than accepted are told by rhea, among those that are accepted", async () => {
    const peer = await brokerPeer("ActiveMQ", 1000, { receiver_options: { credit_window: 1000, autoaccept: false } });
    let arrived = 0;
    peer.container.on("message", ({ delivery, message }: EventContext) => {
      arrived += 1;
      if (message?.body === "bad") delivery?.reject({ condition: "amqp:not-allowed", description: "no" });
      else delivery?.accept();
    });
    const session = await openOn(peer);
    // One after the other: the peer, being rhea, would join neighbouring outcomes into one.
    const kinds: string[] = [];
    for (const body of ["a", "bad", "b", "bad", "c"]) {
      const send = recordedSend("queue://q", body);
      session.send(send);
      kinds.push((await send.outcome).kind);
    }
    expect(arrived).toBe(5);
    expect(kinds).toEqual(["confirmed", "failed", "confirmed", "failed", "confirmed"]);
  });

  it("that are accepted but not settled confirm too, once", async () => {
    const peer = await brokerPeer("ActiveMQ", 1000, { receiver_options: { credit_window: 1000, autoaccept: false } });
    peer.container.on("message", ({ delivery }: EventContext) => {
      const accepted = (peer.container as unknown as { message: { accepted(): { described(): object } } }).message;
      delivery?.update(false, accepted.accepted().described() as never);
    });
    const session = await openOn(peer);
    const sends = [recordedSend("queue://q", "a"), recordedSend("queue://q", "b")];
    for (const send of sends) session.send(send);
    expect(await Promise.all(sends.map(({ outcome }) => outcome))).toEqual(sends.map(() => ({ kind: "confirmed" })));
  });
});
