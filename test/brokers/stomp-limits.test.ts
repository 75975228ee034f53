/** Large bodies, bodies that are too large, and full destinations, over STOMP on real brokers. */
import { expect, it } from "vitest";
import { MessageTooLargeError, SendRejectedError } from "../../src/errors/errors.ts";
import { lossOf, TestConsumer, TestSend } from "../unit/adapters/stomp/messaging-steps.ts";
import { confirmed, onRealBrokers, ready } from "./stomp-steps.ts";

const MIB = 1024 * 1024;

/** Measures the most memory that this process has used beyond its present use, until it is told to stop. */
function watchMemory(): () => number {
  const before = process.memoryUsage().rss;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage().rss);
  }, 20);
  return () => {
    clearInterval(timer);
    return most - before;
  };
}

onRealBrokers(
  "STOMP bodies of 64 MiB",
  (bench) => {
    it("go through in both directions within a few times their size of memory", async () => {
      const queue = bench.freshQueue();
      const body = Buffer.alloc(64 * MIB, "0123456789abcdef");
      const session = await bench.open({ heartbeatMs: 5000 });
      const send = new TestSend(body, {}, queue);
      const stopSending = watchMemory();
      const startedAt = performance.now();
      await confirmed(session, send);
      const sending = { bytes: stopSending(), ms: performance.now() - startedAt };
      const stopReceiving = watchMemory();
      const consumer = await ready(new TestConsumer(session, queue, 1));
      const delivery = await consumer.delivery(0);
      const receiving = { bytes: stopReceiving(), ms: performance.now() - startedAt - sending.ms };
      expect(delivery.message.bytes().equals(body)).toBe(true);
      const accepted = consumer.subscription.settle(delivery, { kind: "accepted" }, { confirmed: true });
      expect(await accepted).toBe("settled");
      for (const [what, { bytes, ms }] of Object.entries({ sending, receiving })) {
        console.error(
          `[brokers] ${bench.product} ${what} 64 MiB: ${Math.round(bytes / MIB)} MiB more, ${Math.round(ms)} ms`,
        );
        expect(bytes).toBeLessThan(8 * body.length);
      }
    }, 300_000);
  },
  { heapMb: 1200 },
);

onRealBrokers(
  "STOMP bodies past the broker's limit",
  (bench) => {
    if (!bench.classic) {
      it("are taken by Artemis, which has none", async () => {
        await confirmed(await bench.open(), new TestSend(Buffer.alloc(3 * MIB), {}, bench.freshQueue()));
      });
      return;
    }
    it.each([
      ["bytes", Buffer.alloc(3 * MIB)],
      ["text", "x".repeat(3 * MIB)],
    ])("as %s reject that send alone, and end the session", async (_, body) => {
      const session = await bench.open();
      const queue = bench.freshQueue();
      const small = new TestSend("before", {}, queue);
      const large = new TestSend(body, { id: "large" }, queue);
      const after = new TestSend("after", {}, queue);
      for (const send of [small, large, after]) session.send(send);
      const outcome = await large.outcome;
      const error = outcome.kind === "failed" ? outcome.error : undefined;
      expect(error).toBeInstanceOf(MessageTooLargeError);
      expect(error?.message).toMatch(/takes no message as large as message large .* of 3145728 bytes/);
      expect(await lossOf(session)).toMatchObject({ code: "SESSION_LOST" });
      expect(after.outcomes).toEqual([]);
      expect(await bench.drain(queue)).toEqual(["before"]);
    });
  },
  { maxMessageBytes: MIB },
);

onRealBrokers(
  "STOMP sends without room",
  (bench) => {
    const { classic } = bench;

    it("are refused as worth repeating, alone on Classic, and within a transaction", async () => {
      const queue = `queue://limited.${bench.freshName()}`;
      const session = await bench.open();
      const body = Buffer.alloc(classic ? 500_000 : 50_000);
      const fill = async () => {
        for (let n = 0; n < 200; n++) {
          const send = new TestSend(body, {}, queue);
          session.send(send);
          const outcome = await send.outcome;
          if (outcome.kind === "failed") return outcome.error;
        }
        throw new Error("it never fills up");
      };
      const error = await fill();
      expect(error).toBeInstanceOf(SendRejectedError);
      expect(error).toMatchObject({ retryable: true, message: expect.stringMatching(/no room for it at the moment/) });
      if (!classic) await lossOf(session);
      const other = classic ? session : await bench.open();
      const transaction = other.begin();
      const send = new TestSend("small", {}, queue);
      transaction.send(send);
      expect(await send.outcome).toMatchObject({ kind: "failed", error: { retryable: true } });
      expect(await transaction.commit()).toMatchObject({ kind: "rolled-back" });
      // Messages that are not persistent need no room in the store.
      if (classic) await confirmed(session, new TestSend("alive", { persistent: false }, bench.freshQueue()));
    });
  },
  { storeLimit: "4mb" },
);
