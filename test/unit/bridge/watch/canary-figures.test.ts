import { expect, it } from "vitest";
import { CanaryFigures, NO_CANARY, worseCanary } from "../../../../src/bridge/watch/canary-figures.ts";

it("the figures are those of the last hundred canaries", () => {
  const figures = new CanaryFigures();
  expect(figures.status("waiting")).toEqual({ ...NO_CANARY, state: "waiting" });
  for (let ms = 1; ms <= 150; ms += 1) figures.add(ms);
  expect(figures.status("arriving")).toEqual({
    state: "arriving",
    lastMs: 150,
    p50Ms: 100,
    maxMs: 150,
    arrived: 150,
    lost: 0,
  });
});

it("a duplex link shows the slower direction, and the losses of both", () => {
  const slow = { ...NO_CANARY, state: "late", lastMs: 9, p50Ms: 8, maxMs: 20, arrived: 5, lost: 2 } as const;
  const fast = { ...NO_CANARY, state: "arriving", lastMs: 1, p50Ms: 2, maxMs: 30, arrived: 7, lost: 1 } as const;
  expect(worseCanary(fast, slow)).toEqual({ state: "late", lastMs: 9, p50Ms: 8, maxMs: 30, arrived: 12, lost: 3 });
  expect(worseCanary(NO_CANARY, fast)).toMatchObject({ state: "arriving", lastMs: 1, maxMs: 30 });
});
