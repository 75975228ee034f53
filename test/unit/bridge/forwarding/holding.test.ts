import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Gate } from "../../../../src/bridge/forwarding/gate.ts";
import { Holding } from "../../../../src/bridge/forwarding/holding.ts";
import type { InFlight } from "../../../../src/bridge/forwarding/in-flight.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Answer = "takes" | "holds" | "unknown";

/** A target that answers each send as the list says, and takes everything after it. */
function play(answers: readonly Answer[]) {
  const [left, taken, dead]: [Answer[], number[], number[]] = [[...answers], [], []];
  const gate = new Gate();
  const holding: Holding = new Holding({
    gate,
    resend: async (message) => send(message),
    poison: async (message) => void dead.push(numberOf(message)),
    onChange: () => {},
  });
  const send = (message: InFlight): boolean => {
    const answer = left.shift() ?? "takes";
    if (answer === "takes") {
      taken.push(numberOf(message));
      holding.accepted();
      return true;
    }
    const reason = "no";
    if (answer === "holds") holding.refused(message, { kind: "hold", code: "TARGET_FULL", reason });
    else holding.refused(message, { kind: "unknown", code: "TARGET_REFUSES", reason });
    return false;
  };
  return { gate, holding, taken, dead, send };
}

const messageOf = (bytes: number) => ({ bytes }) as InFlight;
const numberOf = ({ bytes }: InFlight) => bytes;

it("whatever the target refuses, a timer asks again until it takes, and each message arrives once or is a dead letter", async () => {
  const answer = fc.constantFrom<Answer>("takes", "holds", "unknown");
  const runs = fc.asyncProperty(
    fc.array(answer, { maxLength: 30 }),
    fc.integer({ min: 1, max: 8 }),
    async (answers, count) => {
      const { gate, holding, taken, dead, send } = play(answers);
      for (let n = 0; n < count; n += 1) send(messageOf(n));
      for (let looks = 0; looks < 60; looks += 1) {
        const waits = taken.length + dead.length < count;
        if (waits || !gate.isOpen || holding.reason) expect(vi.getTimerCount()).toBeGreaterThan(0);
        await vi.advanceTimersByTimeAsync(15_000);
      }
      expect([gate.isOpen, holding.reason]).toEqual([true, undefined]);
      expect([...taken, ...dead].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n));
      holding.close();
      vi.clearAllTimers();
    },
  );
  await fc.assert(runs, { numRuns: 200 });
});

it("messages that a full target refused are sent again in their order", async () => {
  const { taken, send, gate } = play(["holds", "holds", "holds", "holds"]);
  for (let n = 0; n < 3; n += 1) send(messageOf(n));
  expect(gate.isOpen).toBe(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(taken).toEqual([0, 1, 2]);
});

it("nothing is sent again after the close, and no timer is left", () => {
  const { holding, send } = play(["holds"]);
  send(messageOf(0));
  holding.close();
  expect(vi.getTimerCount()).toBe(0);
});
