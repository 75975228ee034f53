/** Attach frames that end the connection: before anything is written, and over and over if nobody counts them. */
import type { EventContext } from "rhea";
import { describe, expect, it, onTestFinished } from "vitest";
import { connect } from "../../../../../src/connect/connect.ts";
import { InvalidArgumentError, type SubscriptionRefusedError } from "../../../../../src/errors/errors.ts";
import { brokerPeer, openOn, recordedSend, recordedSink } from "../scripted-peer.ts";

describe("a destination whose attach makes the broker drop the connection", () => {
  it("fails its sends with POISON_SEND, and its neighbour's are confirmed", async () => {
    const peer = await brokerPeer("ActiveMQ");
    let sessions = 0;
    peer.onSocket(() => {
      sessions += 1;
    });
    peer.container.on("receiver_open", ({ receiver }: EventContext) => {
      if (receiver?.target.address === "queue://bad") for (const socket of peer.sockets) socket.destroy();
    });
    const { port } = peer.endpoint;
    const connection = await connect(
      `failover:(amqp://127.0.0.1:${port})?initialReconnectDelay=10&maxReconnectDelay=20&poisonAfter=2`,
    );
    onTestFinished(() => connection.close({ drainTimeoutMs: 0 }));
    const bad = connection.send("queue://bad", "x");
    const good = connection.send("queue://good", "x");
    await expect(bad).rejects.toMatchObject({ code: "POISON_SEND" });
    await expect(good).resolves.toBeDefined();
    expect(sessions).toBeLessThan(8);
  });
});

describe("a name that fits into no frame", () => {
  const name = "n".repeat(66_000);

  it("of a destination fails the send with INVALID_ARGUMENT, and the session goes on", async () => {
    const session = await openOn(await brokerPeer("ActiveMQ"));
    const send = recordedSend({ kind: "queue", name }, "x");
    const other = recordedSend("queue://orders", "x");
    session.send(send);
    session.send(other);
    const outcome = await send.outcome;
    expect(outcome).toMatchObject({ kind: "failed", error: expect.any(InvalidArgumentError) });
    expect(outcome.kind === "failed" && outcome.error.message).toMatch(
      /66016 bytes.*room for 64512: use a shorter name/,
    );
    expect(await other.outcome).toEqual({ kind: "confirmed" });
  });

  it("or a selector that does not refuses the subscription for that reason", async () => {
    const session = await openOn(await brokerPeer("ActiveMQ"));
    for (const request of [
      { destination: { kind: "queue", name } as const, prefetch: 1 },
      { destination: { kind: "queue", name: "orders" } as const, prefetch: 1, selector: `a = '${name}'` },
    ]) {
      const sink = recordedSink();
      session.subscribe(request, sink);
      const refused = (await sink.refused) as SubscriptionRefusedError;
      expect(refused.cause).toBeInstanceOf(InvalidArgumentError);
      expect(refused.message.length).toBeLessThan(1000);
    }
  });

  it("goes by the frames that the peer takes", async () => {
    const session = await openOn(await brokerPeer("ActiveMQ", 10, { max_frame_size: 1024 }));
    const send = recordedSend({ kind: "queue", name: "n".repeat(600) }, "x");
    session.send(send);
    expect(await send.outcome).toMatchObject({ kind: "failed", error: expect.any(InvalidArgumentError) });
  });
});
