import { createRequire } from "node:module";
import type { EventContext } from "rhea";
import { describe, expect, it, vi } from "vitest";
import { brokerPeer, openOn, recordedSend } from "./scripted-peer.ts";

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
