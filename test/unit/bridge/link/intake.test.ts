import { afterEach, expect, it, vi } from "vitest";
import { InFlightBudget } from "../../../../src/bridge/forwarding/budget.ts";
import { Gate } from "../../../../src/bridge/forwarding/gate.ts";
import { Intake } from "../../../../src/bridge/link/intake.ts";
import type { OpenGroup } from "../../../../src/bridge/link/open-group.ts";
import { parsePattern } from "../../../../src/bridge/routing/pattern.ts";
import { type ReceivedContent, ReceivedMessage } from "../../../../src/messaging/messages/received-message.ts";

const closing: Intake[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((intake) => intake.close()));
});

interface Toy {
  readonly held: boolean;
}

/** An intake of one queue, to which deliveries are brought by hand; what was taken is settled by hand too. */
function play({ limit = Number.POSITIVE_INFINITY, concurrency = 1 } = {}) {
  const content = { body: Buffer.alloc(1), kind: "bytes", properties: {} };
  const message = new ReceivedMessage(content as unknown as ReceivedContent);
  const listeners = new Map<string, () => void>();
  const [brought, waiting]: [Toy[], ((toy: Toy | undefined) => void)[]] = [[], []];
  const state = { taken: 0, asked: 0, closed: 0, settled: () => {} };
  const consume = () => {
    state.asked += 1;
    const settled = new Promise<void>((resolve) => {
      state.settled = resolve;
    });
    const close = async () => {
      state.closed += 1;
      state.settled();
      for (const go of waiting.splice(0)) go(undefined);
    };
    return {
      ready: Promise.resolve(),
      next: async () => {
        const toy = brought.shift() ?? (await new Promise<Toy | undefined>((go) => waiting.push(go)));
        return { done: toy === undefined, value: { message, origin: { holds: () => toy?.held } } };
      },
      close,
      drain: async ({ timeoutMs }: { timeoutMs: number }) => {
        await Promise.race([settled, ...(Number.isFinite(timeoutMs) ? [Promise.resolve()] : [])]);
        if (state.closed === 0) await close();
      },
    };
  };
  const on = (event: string, listener: () => void) => listeners.set(event, listener);
  const gate = new Gate();
  const intake = new Intake({
    source: { connection: { broker: { product: "activemq" }, consume, on } } as unknown as OpenGroup,
    ...{ listed: [], isRouted: () => true, concurrency, optionsOf: () => ({}), gate, limit, longestWaitMs: undefined },
    budget: new InFlightBudget({ maxCount: 1_000, maxBytes: 10_000 }),
    forward: async () => {
      state.taken += 1;
    },
    onRefused: () => {},
    onLeft: () => {},
  });
  closing.push(intake);
  const queue = [{ pattern: parsePattern("queue://a"), returns: false }];
  const bring = (toy: Toy) => {
    const go = waiting.shift();
    if (go) go(toy);
    else brought.push(toy);
  };
  return { intake, gate, state, queue, bring, tell: (event: string) => listeners.get(event)?.() };
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

it.each([1, 4])(
  "with %i consumers no more messages are taken than the limit, and those that come again are",
  async (concurrency) => {
    const { intake, state, queue, bring } = play({ limit: 5, concurrency });
    for (let n = 0; n < 12; n += 1) bring({ held: true });
    intake.take(queue);
    await intake.start();
    await pause();
    expect([state.taken, intake.isOver]).toEqual([5, true]);
    intake.comesAgain(3);
    expect(intake.isOver).toBe(false);
    await pause();
    expect([state.taken, intake.isOver]).toEqual([8, true]);
  },
);

it("a delivery whose session ended while it waited is not taken, and counts for nothing", async () => {
  const { intake, gate, state, queue, bring } = play({ limit: 1 });
  const toy = { held: true };
  intake.take(queue);
  await intake.start();
  await pause();
  gate.shut("target");
  bring(toy);
  await pause();
  toy.held = false;
  bring({ held: true });
  gate.open("target");
  await pause();
  expect([state.taken, intake.isOver]).toEqual([1, true]);
});

it("a source is left when what was taken of it is settled, however long that takes, and is asked for again after that", async () => {
  const { intake, state, queue } = play();
  intake.take(queue);
  await intake.start();
  intake.take([]);
  await pause();
  intake.take(queue);
  intake.take([]);
  intake.take(queue);
  await pause();
  expect([state.closed, state.asked]).toEqual([0, 1]);
  state.settled();
  await vi.waitFor(() => expect([state.closed, state.asked]).toEqual([1, 2]));
});

it("the close cuts off the wait for what was taken", async () => {
  const { intake, state, queue } = play();
  intake.take(queue);
  await intake.start();
  intake.take([]);
  await intake.close();
  expect(state.closed).toBeGreaterThan(0);
});

it.each(["interrupted", "restored"])("the silence of the source begins anew when its session is %s", async (event) => {
  const { intake, tell } = play();
  const before = intake.lastTakenAt;
  await pause();
  tell(event);
  expect(intake.lastTakenAt).toBeGreaterThan(before);
});
