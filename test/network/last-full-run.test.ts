/**
 * Checks the figures printed in docs/failure-modes.md against the promises: every row, both brokers, both protocols.
 */
import { describe, expect, it } from "vitest";
import { FAULTS } from "./faults/all-faults.ts";
import { DEAD_FIRSTS } from "./faults/dead-firsts.ts";
import { complaints } from "./figures.ts";
import { tooSlow } from "./new-client.ts";
import { COMBINATIONS, readFullRun, titleOf } from "./run-file.ts";

describe("the last full run", () => {
  const { faults, newClients, heartbeatMs } = readFullRun();
  const titles = COMBINATIONS.map(titleOf).sort();

  it.each(FAULTS)("has kept every promise on both brokers and both protocols: $name", (fault) => {
    const cells = faults[fault.name] ?? {};
    expect(Object.keys(cells).sort()).toEqual(titles);
    for (const combination of COMBINATIONS) {
      const figures = cells[titleOf(combination)];
      if (figures !== undefined) expect(complaints(fault, figures, combination, heartbeatMs)).toEqual([]);
    }
  });

  it.each(DEAD_FIRSTS)("has connected new clients in time: $name", (first) => {
    const cells = newClients[first.name] ?? {};
    expect(Object.keys(cells).sort()).toEqual(titles);
    expect(Object.values(cells).map((figures) => tooSlow(first, figures))).toEqual(titles.map(() => undefined));
  });

  it("has no other rows", () => {
    const names = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name).sort();
    expect(Object.keys(faults).sort()).toEqual(names(FAULTS));
    expect(Object.keys(newClients).sort()).toEqual(names(DEAD_FIRSTS));
  });
});
