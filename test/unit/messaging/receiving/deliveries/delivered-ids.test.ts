import { expect, it } from "vitest";
import { DeliveredIds } from "../../../../../src/messaging/receiving/deliveries/delivered-ids.ts";

it("knows the last 5,000 ids at least, and 10,000 at most", () => {
  const handedOver = new DeliveredIds();
  const ids = Array.from({ length: 30_000 }, (_, n) => `id-${n}`);
  expect(ids.some((id) => handedOver.note(id))).toBe(false);
  const known = (from: number, to: number) => {
    const copy = new DeliveredIds();
    for (const id of ids) copy.note(id);
    return ids.slice(from, to).filter((id) => copy.note(id)).length;
  };
  expect(known(25_000, 30_000)).toBe(5_000);
  expect(known(0, 20_000)).toBe(0);
});

it("knows an id the second time, and from then on", () => {
  const handedOver = new DeliveredIds();
  expect(["a", "b", "a", "a", "b"].map((id) => handedOver.note(id))).toEqual([false, false, true, true, true]);
});
