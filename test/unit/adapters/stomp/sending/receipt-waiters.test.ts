import { describe, expect, it } from "vitest";
import { type ReceiptWaiter, ReceiptWaiters } from "../../../../../src/adapters/stomp/sending/receipt-waiters.ts";

const WAITERS = 2_000;
const ERRORS = 1_000;

/** Notes whenever somebody looks what kind of waiter it is. */
class WatchedWaiter {
  static looks = 0;

  get unnamed(): undefined {
    WatchedWaiter.looks += 1;
    return undefined;
  }

  get subscribes(): undefined {
    WatchedWaiter.looks += 1;
    return undefined;
  }

  onReceipt(): void {}

  onRefused(): void {}
}

function crowded(): ReceiptWaiters {
  const waiters = new ReceiptWaiters();
  for (let nth = 0; nth < WAITERS; nth++) waiters.add(new WatchedWaiter() as unknown as ReceiptWaiter);
  WatchedWaiter.looks = 0;
  return waiters;
}

const nobody = () => undefined;
const waiter = (more: Partial<ReceiptWaiter> = {}): ReceiptWaiter => ({ onReceipt() {}, onRefused() {}, ...more });

describe("an ERROR that names nobody", () => {
  it("costs no walk over all that wait, however many of them come", () => {
    const waiters = crowded();
    let told = 0;
    waiters.add(waiter({ onUnnamed: () => (told += 1) }));
    for (let nth = 0; nth < ERRORS; nth++) {
      waiters.takeUnnamed(nobody)?.onRefused({} as never);
      waiters.takeOnlySubscribe();
    }
    expect(told).toBe(ERRORS);
    // Once each when they were added, at most, and not once for each ERROR.
    expect(WatchedWaiter.looks).toBeLessThan(WAITERS);
  });

  it("means what was written before the first fence that waits, and after that the next one", () => {
    const waiters = new ReceiptWaiters();
    const told: string[] = [];
    const first = waiters.add(waiter({ onUnnamed: () => told.push("first") }));
    waiters.add(waiter({ onUnnamed: () => told.push("second") }));
    const tell = () => waiters.takeUnnamed(nobody)?.onRefused({} as never);
    tell();
    waiters.take(first);
    tell();
    expect(told).toEqual(["first", "second"]);
  });

  it("means the only waiter without a receipt, nobody where there are two, and whoever is named otherwise where there is none", () => {
    const waiters = new ReceiptWaiters();
    const [one, two, other] = [waiter({ unnamed: true }), waiter({ unnamed: true }), waiter()];
    expect(waiters.takeUnnamed(() => other)).toBe(other);
    waiters.add(one);
    waiters.add(two);
    expect(waiters.takeUnnamed(() => other)).toBeUndefined();
    waiters.take(1);
    expect(waiters.takeUnnamed(() => other)).toBe(two);
    expect(waiters.takeUnnamed(() => other)).toBe(other);
  });

  it("means the only SUBSCRIBE that waits", () => {
    const waiters = new ReceiptWaiters();
    const [one, two] = [waiter({ subscribes: true }), waiter({ subscribes: true })];
    waiters.add(one);
    waiters.add(two);
    expect(waiters.takeOnlySubscribe()).toBeUndefined();
    waiters.take(2);
    expect(waiters.takeOnlySubscribe()).toBe(one);
    expect(waiters.drain()).toEqual([]);
  });
});
