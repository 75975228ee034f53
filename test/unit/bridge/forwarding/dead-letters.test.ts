import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type DeadLetterDeps, DeadLetters } from "../../../../src/bridge/forwarding/dead-letters.ts";
import { MasterSlaveError } from "../../../../src/errors/errors.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const message = new ReceivedMessage({
  ...{ body: Buffer.from("x"), kind: "text", id: "ID:1", brokerMessageId: "ID:1", properties: { n: 1 } },
  destination: "queue://orders",
} as unknown as ReceivedContent);

/** A source that answers each copy as the list says, and stores what comes after that. */
function play(answers: (MasterSlaveError | undefined)[]) {
  const sent: string[] = [];
  const source = {
    broker: { product: "activemq" },
    send: async (to: string) => {
      sent.push(to);
      const refusal = answers.shift();
      if (refusal) throw refusal;
    },
  };
  const deps = { source, protocol: "amqp", link: "orders", group: "north", queue: undefined };
  const state = { held: true };
  const letters = new DeadLetters(deps as unknown as DeadLetterDeps, () => {});
  const outcome = letters.send(message, "why", () => state.held).catch(() => "comes again" as const);
  return { letters, sent, state, outcome };
}

const unauthorized = () => new MasterSlaveError("SEND_REJECTED", "User bridge is not authorized to write");

it("a copy that is refused for our rights is sent again until the source stores it, and the link says so meanwhile", async () => {
  const { letters, sent, outcome } = play([unauthorized(), unauthorized()]);
  await vi.advanceTimersByTimeAsync(0);
  expect(letters.problem).toMatchObject({ code: "DEAD_LETTERS_REFUSED", reason: /not authorized/ });
  expect(letters.whyHeld(message)).toMatch(/^DEAD_LETTERS_REFUSED/);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toBe(true);
  expect(sent).toEqual(Array(3).fill("queue://ActiveMQ.DLQ"));
  expect([letters.problem, letters.waiting]).toEqual([undefined, 0]);
});

it("a copy that is refused for what the message is, also after another refusal, is not sent again", async () => {
  const { letters, sent, outcome } = play([unauthorized(), new MasterSlaveError("MESSAGE_TOO_LARGE", "too large")]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toBe(false);
  expect([sent.length, letters.waiting]).toEqual([2, 0]);
});

it("the copy of a message that is not held any more is not sent again", async () => {
  const { sent, state, outcome } = play(Array.from({ length: 9 }, unauthorized));
  await vi.advanceTimersByTimeAsync(0);
  state.held = false;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toBe("comes again");
  expect(sent).toHaveLength(1);
});

it("after the close nothing is sent, and no timer is left", async () => {
  const { letters, sent, outcome } = play(Array.from({ length: 9 }, unauthorized));
  await vi.advanceTimersByTimeAsync(0);
  letters.close();
  expect(await outcome).toBe("comes again");
  expect([sent.length, vi.getTimerCount()]).toEqual([1, 0]);
});
