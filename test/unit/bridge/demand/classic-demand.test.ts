import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { classicDemand } from "../../../../src/bridge/demand/classic-demand.ts";
import type { DemandSession } from "../../../../src/bridge/demand/demand-session.ts";
import { formatPattern } from "../../../../src/bridge/routing/pattern.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

const PROBE = "Topic.masterslave.demand";

/** A subscription that brings what the test pushes. */
class ToyConsumer {
  readonly ready = Promise.resolve();
  readonly #waiting: ((next: { readonly done: boolean; readonly value: unknown }) => void)[] = [];
  readonly #pushed: unknown[] = [];

  push(message: ReceivedMessage): void {
    const value = { message, accept: async () => "settled" };
    const wake = this.#waiting.shift();
    if (wake) wake({ done: false, value });
    else this.#pushed.push(value);
  }

  next() {
    if (this.#pushed.length > 0) return Promise.resolve({ done: false, value: this.#pushed.shift() });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const wake of this.#waiting.splice(0)) wake({ done: true, value: undefined });
  }

  [Symbol.asyncIterator]() {
    return this;
  }
}

let advisories: ToyConsumer;
let failures: string[];
let unreadable: number;
let session: DemandSession;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  advisories = new ToyConsumer();
  [failures, unreadable] = [[], 0];
  const consume = (name: string) => (name.includes("Advisory") ? advisories : new ToyConsumer());
  session = classicDemand({
    connection: { consume } as unknown as Connection,
    protocol: "stomp",
    isRelevant: ({ name }) => !name.startsWith("masterslave."),
    onChange: () => {},
    onFailed: (reason) => failures.push(reason),
    onUnreadable: () => {
      unreadable += 1;
    },
  });
});
afterEach(async () => {
  await session.close();
  vi.useRealTimers();
});

function send(topic: string, body: string | Buffer): void {
  const destination = `topic://ActiveMQ.Advisory.Consumer.${topic}`;
  const content = { destination, body: Buffer.from(body), kind: "text", properties: {} };
  advisories.push(new ReceivedMessage(content as unknown as ReceivedContent));
}

const consumerOf = (value: number) =>
  JSON.stringify({ ConsumerInfo: { consumerId: { connectionId: "ID:1", sessionId: 1, value } } });

describe("the consumers that Classic's advisories announce over STOMP", () => {
  it("are still known after advisories that cannot be read, each of which is told", async () => {
    send("Queue.a", consumerOf(1));
    for (const body of ["", "no JSON", "null", "5", Buffer.from([0xff, 0xfe])]) send("Queue.a", body);
    send(PROBE, consumerOf(2));
    send("Queue.b", consumerOf(3));
    await session.ready;
    await vi.advanceTimersByTimeAsync(0);
    expect(session.demanded().map(formatPattern)).toEqual(["queue://a", "queue://b"]);
    expect([failures, unreadable]).toEqual([[], 5]);
  });

  it.each(["{}", '{"ConsumerInfo":5,"RemoveInfo":true}', '{"RemoveInfo":"x"}', "[]"])(
    "are still known after an advisory in JSON of another form: %s",
    async (body) => {
      send("Queue.a", consumerOf(1));
      send("Queue.b", body);
      send(PROBE, consumerOf(2));
      await session.ready;
      expect(session.demanded().map(formatPattern)).toContain("queue://a");
      expect(failures).toEqual([]);
    },
  );

  it("are not known while the announcement of the probe cannot be read: the reason names what may be missing", async () => {
    send(PROBE, "not written for STOMP");
    const refused = expect(session.ready).rejects.toThrow("xstream and jettison are missing");
    await vi.advanceTimersByTimeAsync(5_000);
    await refused;
  });
});
