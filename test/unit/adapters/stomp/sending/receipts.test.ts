import fc from "fast-check";
import { expect, it } from "vitest";
import { Receipts } from "../../../../../src/adapters/stomp/sending/receipts.ts";

it("finds who waits for a receipt as a Map would, in whatever order they are answered", () => {
  const move = fc.oneof(
    { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 3000 }) }) },
    { weight: 3, arbitrary: fc.record({ oldest: fc.integer({ min: 1, max: 3000 }) }) },
    fc.record({ nth: fc.nat({ max: 20_000 }) }),
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const receipts = new Receipts<{ readonly id: number }>();
      const model = new Map<number, { readonly id: number }>();
      const take = (receipt: number) => {
        expect(receipts.take(receipt)).toBe(model.get(receipt));
        model.delete(receipt);
      };
      for (const each of moves) {
        if ("add" in each) {
          for (let count = 0; count < each.add; count++) {
            const waiter = { id: receipts.last + 1 };
            expect(receipts.add(waiter)).toBe(waiter.id);
            model.set(waiter.id, waiter);
          }
        } else if ("oldest" in each) for (const receipt of [...model.keys()].slice(0, each.oldest)) take(receipt);
        else take(each.nth);
      }
      expect([...receipts].sort(([a], [b]) => a - b)).toEqual([...model]);
      const { last } = receipts;
      expect(new Set(receipts.drain())).toEqual(new Set(model.values()));
      expect([...receipts]).toEqual([]);
      expect(receipts.last).toBe(last);
    }),
    { numRuns: 30 },
  );
});

it("keeps a line as long as those that wait, whoever waits for ever", () => {
  const receipts = new Receipts<object>();
  const stuck = {};
  receipts.add(stuck);
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 2_000_000; count++) receipts.take(receipts.add({}));
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(8 * 2_000_000);
  expect(receipts.take(1)).toBe(stuck);
});
