/** Faults drawn from a seed can be drawn again, and told to be played again. */
import { describe, expect, it } from "vitest";
import {
  FAULT_KINDS,
  FaultPlan,
  formatFault,
  type PlannedFault,
  parseFaults,
  planFaults,
} from "../../soak/fault-plan.ts";

function draw(seed: number, count: number): PlannedFault[] {
  const plan = planFaults(seed);
  return Array.from({ length: count }, () => plan.next().value);
}

describe("a plan of faults", () => {
  it("is the same for the same seed and another for another", () => {
    expect(draw(7, 60)).toEqual(draw(7, 60));
    expect(draw(8, 60)).not.toEqual(draw(7, 60));
  });

  it("has every kind once before any comes again", () => {
    const kinds = draw(1, 2 * FAULT_KINDS.length).map(({ kind }) => kind);
    for (const half of [kinds.slice(0, FAULT_KINDS.length), kinds.slice(FAULT_KINDS.length)])
      expect([...half].sort()).toEqual([...FAULT_KINDS].sort());
  });

  it("waits for recovery most of the time, and not always", () => {
    const patient = draw(2, 300).filter((fault) => fault.patient).length;
    expect(patient).toBeGreaterThan(200);
    expect(patient).toBeLessThan(290);
  });

  it("is read again as it was told", () => {
    const faults = draw(3, 100);
    expect(parseFaults(faults.map(formatFault).join(","))).toEqual(faults);
  });

  it("is over with the last fault of its list, not at the question for one more", () => {
    const faults = draw(4, 2);
    const plan = new FaultPlan(faults);
    expect([plan.take(), plan.over, plan.take(), plan.over, plan.take()]).toEqual([
      faults[0],
      false,
      faults[1],
      true,
      undefined,
    ]);
  });

  it.each(["flood:0:0", "kill", "kill:x:0", "kill:0:0?", "to-string:0:0", "constructor:0:0"])(
    "is refused where it says %s",
    (text) => {
      expect(() => parseFaults(`kill:0:10,${text}`)).toThrow(text);
    },
  );
});
