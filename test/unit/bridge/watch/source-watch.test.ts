import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type FoundTrouble, SourceWatch, troubleReason } from "../../../../src/bridge/watch/source-watch.ts";
import type { WatchedGroup } from "../../../../src/bridge/watch/watched-group.ts";

/** Messages of which a browser is shown none, and the depth that the toy broker tells. */
let hidden: number;
let idleSince: number;
let looks: number;
let watch: SourceWatch;

beforeEach(() => {
  vi.useFakeTimers();
  [hidden, idleSince, looks] = [0, performance.now(), 0];
  const connection = {
    broker: { product: "activemq", version: "1" },
    request: async (queue: string) => {
      if (!queue.endsWith(".Broker")) looks += 1;
      return { json: () => ({ size: hidden, inflightCount: 0, consumerCount: 1 }) };
    },
    browse: async function* () {},
  };
  watch = new SourceWatch({
    group: { name: "n", id: "n", protocol: "amqp", connection } as unknown as WatchedGroup,
    browser: undefined,
    path: { from: "n", to: "s", maxHops: 1 },
    ownConsumers: 1,
    queues: () => ["q"],
    idleMs: () => performance.now() - idleSince,
    onFreed: () => {},
    onChange: () => {},
  });
  watch.start();
});
afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

it("a trouble is told when a second look finds it again, and forgotten when something comes", async () => {
  hidden = 1;
  await vi.advanceTimersByTimeAsync(3_500);
  expect(looks).toBe(0);
  await vi.advanceTimersByTimeAsync(1_500);
  expect([looks, watch.found.length]).toEqual([1, 0]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(watch.found).toEqual([{ queue: "q", trouble: { code: "STUCK_AT_SOURCE", stuck: 1, names: [] } }]);
  idleSince = performance.now();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(watch.found).toEqual([]);
});

it("a queue that is well is looked into ever more rarely, and goes on being looked into", async () => {
  await vi.advanceTimersByTimeAsync(60_000);
  const inTheFirstMinute = looks;
  await vi.advanceTimersByTimeAsync(600_000);
  expect(inTheFirstMinute).toBeGreaterThan(2);
  expect(looks - inTheFirstMinute).toBeGreaterThan(8);
  expect(looks - inTheFirstMinute).toBeLessThan(10 * inTheFirstMinute);
});

it("a trouble that is gone is no longer told, though nothing comes", async () => {
  hidden = 1;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(watch.found).toHaveLength(1);
  hidden = 0;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(watch.found).toEqual([]);
});

it("the reason names the queue, the messages and what to do", () => {
  const stuck: FoundTrouble = { queue: "q", trouble: { code: "STUCK_AT_SOURCE", stuck: 2, names: ["ID:1"] } };
  expect(troubleReason(stuck)).toMatch(/queue:\/\/q: 2 messages are not delivered .*\(ID:1\).*take them out/);
  const behind: FoundTrouble = { queue: "q", trouble: { code: "BLOCKED_BY_SELECTOR", refused: 400, freed: false } };
  expect(troubleReason(behind)).toMatch(/400 messages .* maxPageSize/);
});
