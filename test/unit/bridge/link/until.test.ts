import { afterEach, expect, it, vi } from "vitest";
import type { Intake } from "../../../../src/bridge/link/intake.ts";
import type { OpenGroup } from "../../../../src/bridge/link/open-group.ts";
import { type UntilDeps, waitUntilOver } from "../../../../src/bridge/link/until.ts";
import { parsePattern } from "../../../../src/bridge/routing/pattern.ts";

const endings: AbortController[] = [];
afterEach(() => {
  for (const ending of endings.splice(0)) ending.abort();
});

/** A link until its source is empty, to which nothing has come for so long, and whose source answers a browse like this. */
function play(source: string, silentMs: () => number, browse: () => AsyncIterable<unknown>) {
  const ending = new AbortController();
  endings.push(ending);
  const state = { over: false, looks: 0 };
  const intake = {
    get lastTakenAt() {
      state.looks += 1;
      return performance.now() - silentMs();
    },
  };
  const deps: UntilDeps = {
    source: { connection: { endpoint: { host: "a" }, browse } } as unknown as OpenGroup,
    sources: [parsePattern(source)],
    selectorOf: () => undefined,
    intake: intake as Intake,
    unacknowledged: () => 0,
    isFailed: () => false,
  };
  void waitUntilOver("empty", ending.signal, deps).then(() => {
    state.over = true;
  });
  return state;
}

async function* of(count: number) {
  for (let n = 0; n < count; n += 1) yield n;
}

it("a link until empty is not over while a browse shows messages, however long nothing came", async () => {
  const left = { count: 3 };
  const state = play(
    "queue://orders",
    () => 60_000,
    () => of(left.count),
  );
  await vi.waitFor(() => expect(state.looks).toBeGreaterThan(2));
  expect(state.over).toBe(false);
  left.count = 0;
  await vi.waitFor(() => expect(state.over).toBe(true));
});

it.each([
  ["a wildcard", "queue://orders.>", () => of(1)],
  [
    "a queue whose browse is refused",
    "queue://orders",
    () => {
      throw new Error("not allowed");
    },
  ],
])("of %s only silence says that it is empty", async (_, source, browse) => {
  const silent = { ms: 1_000 };
  const state = play(source, () => silent.ms, browse);
  await vi.waitFor(() => expect(state.looks).toBeGreaterThan(4));
  expect(state.over).toBe(false);
  silent.ms = 4_000;
  await vi.waitFor(() => expect(state.over).toBe(true));
});
