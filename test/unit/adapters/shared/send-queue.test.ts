import { describe, expect, it } from "vitest";
import { SendQueue } from "../../../../src/adapters/shared/send-queue.ts";
import { TestSend } from "../stomp/messaging-steps.ts";

describe("the line of sends", () => {
  it("keeps no more of what was given up than of what waits, and the order of the rest", () => {
    const line = new SendQueue();
    const act = () => {};
    const waiting = [new TestSend("a"), act, new TestSend("b")];
    for (const item of waiting) line.push(item);
    for (let n = 0; n < 50_000; n++) {
      const send = new TestSend("gone");
      line.push(send);
      send.abandoned = true;
      expect(line.size).toBeLessThanOrEqual(1_024);
    }
    expect(line.drain().filter((item) => typeof item === "function" || !item.abandoned)).toEqual(waiting);
  });
});
