/** What a soak's figures are taken for. */
import { describe, expect, it } from "vitest";
import { type LoadFindings, NO_FINDINGS } from "../../brokers/kill/loads/load.ts";
import { longestGap } from "../../soak/gaps.ts";
import type { PulseReport } from "../../soak/pulse.ts";
import type { PairReport } from "../../soak/run-soak.ts";
import type { Footprint } from "../../soak/soak-client.ts";
import { soakFaults } from "../../soak/soak-report.ts";

const CALM: Footprint = { heapMib: 10, rssMib: 90, handles: 1 };
const PULSE: PulseReport = { sent: 2, rejections: [], confirmedAtMs: [1, 2] };

interface Changes {
  readonly findings?: Partial<LoadFindings>;
  readonly pulse?: Partial<PulseReport>;
  readonly hung?: readonly string[];
  readonly trouble?: readonly string[];
  readonly taken?: readonly Footprint[];
}

/** One leg over one protocol with one load. */
function reportOf({ findings, pulse, hung = [], trouble = [], taken = [CALM, CALM, CALM] }: Changes): PairReport {
  const report = {
    loads: [{ name: "mixed", findings: { ...NO_FINDINGS, begun: 5, units: 5, ...findings } }],
    pulses: { direct: { ...PULSE, ...pulse }, proxied: PULSE },
    failovers: 3,
    resent: 4,
  };
  const legs = [{ faults: [], clients: [{ protocol: "stomp" as const, report }], hung }];
  return { product: "classic", version: "1", legs, footprints: [{ protocol: "stomp", taken }], trouble };
}

describe("the verdict of a soak", () => {
  it("is that every promise held where nothing was broken", () => {
    expect(soakFaults([reportOf({})])).toEqual([]);
  });

  it.each<[string, Changes]>([
    ["lost 1, such as message 7", { findings: { lost: ["message 7"] } }],
    ["out of order 301", { findings: { outOfOrder: 304, late: 3 } }],
    ["partial 1", { findings: { partial: ["transaction 3"] } }],
    ["unexpected 1", { findings: { unexpected: ["ABORTED"] } }],
    ["unsettled 4", { findings: { unsettled: 4 } }],
    ["doubled 3, at most 2", { findings: { doubled: 3, mayBeDoubled: 2 } }],
    ["1 unsettled", { pulse: { sent: 3 } }],
    ["1 rejected", { pulse: { sent: 3, rejections: ["refused"] } }],
    ["hung: mixed", { hung: ["mixed over stomp"] }],
    ["reached the process", { trouble: ["unhandledRejection: x"] }],
    ["handles grew from 1 to 9", { taken: [CALM, CALM, CALM, { ...CALM, handles: 9 }] }],
    ["the heap grew", { taken: [CALM, CALM, CALM, { ...CALM, heapMib: 60 }] }],
  ])("names what broke: %s", (what, changes) => {
    const faults = soakFaults([reportOf({}), reportOf(changes)]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(what);
  });

  it("takes what comes late from lost sessions, and doubles that may be, for no fault", () => {
    const findings = { outOfOrder: 320, late: 20, doubled: 3, mayBeDoubled: 3 };
    expect(soakFaults([reportOf({ findings })])).toEqual([]);
  });

  it("takes a heap that grew while it warmed up for no leak", () => {
    expect(soakFaults([reportOf({ taken: [CALM, { ...CALM, heapMib: 30 }] })])).toEqual([]);
  });
});

describe("the longest gap", () => {
  it("is that between two confirmations around a fault, also where it began before it", () => {
    expect(longestGap([100, 200, 900, 1_000, 3_000], 250, 950)).toBe(700);
    expect(longestGap([100, 200, 900], 150, 300)).toBe(700);
  });

  it("leaves out what was before and after", () => {
    expect(longestGap([0, 500, 600, 700, 5_000], 510, 650)).toBe(100);
  });

  it("reaches to the end where nothing came any more", () => {
    expect(longestGap([100], 200, 1_100)).toBe(1_000);
  });
});
