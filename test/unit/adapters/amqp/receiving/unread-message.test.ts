/** Messages that are not handed over: each is rejected by itself and told, and the consumer goes on. */
import rhea, { type EventContext } from "rhea";
import { describe, expect, it } from "vitest";
import type { ConnectionWarning } from "../../../../../src/messaging/port/adapter-settings.ts";
import { brokerPeer, openOn, recordedSink } from "../scripted-peer.ts";

/** A session that is sent these messages, what it warns of, and what the broker is told of each. */
async function sessionSent(messages: readonly Buffer[], { maxMessageBytes }: { maxMessageBytes?: number } = {}) {
  const peer = await brokerPeer("ActiveMQ");
  const outcomes: string[] = [];
  const limits: unknown[] = [];
  const note = (outcome: string) => () => void outcomes.push(outcome);
  for (const outcome of ["accepted", "rejected", "released", "modified"]) peer.container.on(outcome, note(outcome));
  peer.container.on("sender_open", ({ sender }: EventContext) => {
    limits.push(sender?.max_message_size);
    sender?.once("sendable", () => {
      for (const message of messages) sender.send(message, undefined, 0);
    });
  });
  const warnings: ConnectionWarning[] = [];
  const session = await openOn(peer, { maxMessageBytes, onWarning: (warning) => warnings.push(warning) });
  const sink = recordedSink();
  const subscribe = (browse = false) =>
    session.subscribe({ destination: { kind: "queue", name: "orders" }, prefetch: 10, browse }, sink);
  return { outcomes, limits, warnings, sink, subscribe };
}

const good = rhea.message.encode({ message_id: "good", body: "good" });
const unknownSection = Buffer.concat([rhea.message.encode({ message_id: "m-1" }), Buffer.of(0x00, 0x53, 0x99, 0x40)]);

describe("a message that cannot be read", () => {
  it.each([
    [
      "with a section of nobody's",
      unknownSection,
      /^Message m-1 from queue:\/\/orders on .* was rejected, not delivered\. It cannot be read: .*section/,
    ],
    [
      "without a single section",
      Buffer.of(0x40),
      /^A message without an id from queue:\/\/orders .*section of the type 0x40/,
    ],
    ["that is cut off", Buffer.of(0x00, 0x53, 0x77, 0xa1, 5, 0x61), /cut off/],
    ["of an unknown type", Buffer.of(0x00, 0x53, 0x77, 0x5f, 1), /type 0x5f/],
  ])("%s is rejected with a warning, and the next one is delivered", async (_what, bytes, text) => {
    const { outcomes, warnings, sink, subscribe } = await sessionSent([bytes, good]);
    subscribe();
    await sink.delivered(1);
    expect(sink.deliveries[0]?.message.text()).toBe("good");
    expect(warnings).toEqual([
      { code: "UNREADABLE_MESSAGE", message: expect.stringMatching(text), endpoint: expect.anything() },
    ]);
    await expect.poll(() => outcomes).toEqual(["rejected"]);
  });

  it("stays in its queue when a browser meets it", async () => {
    const { outcomes, warnings, sink, subscribe } = await sessionSent([unknownSection, good]);
    subscribe(true);
    await sink.delivered(1);
    expect(warnings[0]?.message).toContain("was left in its queue");
    expect(outcomes).not.toContain("rejected");
  });
});

describe("a message larger than maxMessageBytes", () => {
  const large = rhea.message.encode({ message_id: "large", body: "x".repeat(3_000_000) });

  it("is rejected with its id, size and the limit, and the next one is delivered", async () => {
    const { outcomes, warnings, sink, subscribe } = await sessionSent([large, good], { maxMessageBytes: 1_000_000 });
    subscribe();
    await sink.delivered(1);
    expect(sink.deliveries[0]?.message.text()).toBe("good");
    expect(warnings).toEqual([
      { code: "MESSAGE_TOO_LARGE", message: expect.stringContaining("Message large"), endpoint: expect.anything() },
    ]);
    expect(warnings[0]?.message).toContain(`It has ${large.length} bytes, and maxMessageBytes is 1000000`);
    await expect.poll(() => outcomes).toEqual(["rejected"]);
  });

  it("is rejected when it comes in one frame too, and one as large as the limit is delivered", async () => {
    const small = rhea.message.encode({ message_id: "small", body: "x".repeat(500) });
    const { warnings, sink, subscribe } = await sessionSent([small, good], { maxMessageBytes: small.length - 1 });
    subscribe();
    await sink.delivered(1);
    expect(warnings.map(({ code }) => code)).toEqual(["MESSAGE_TOO_LARGE"]);
    const other = await sessionSent([small], { maxMessageBytes: small.length });
    other.subscribe();
    await other.sink.delivered(1);
    expect(other.warnings).toEqual([]);
  });

  it("is what the broker was told of in the attach frame", async () => {
    const { limits, sink, subscribe } = await sessionSent([good], { maxMessageBytes: 1_000_000 });
    subscribe();
    await sink.delivered(1);
    expect(limits).toEqual([1_000_000]);
  });

  it("is delivered whole below the limit, in however many frames", async () => {
    const { sink, subscribe } = await sessionSent([large, good]);
    subscribe();
    await sink.delivered(2);
    expect(sink.deliveries[0]?.message.text()).toBe("x".repeat(3_000_000));
  });
});
