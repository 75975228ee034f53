import { describe, expect, it } from "vitest";
import { type LinkFacts, linkState } from "../../../../src/bridge/link/link-state.ts";

const RUNNING: LinkFacts = {
  life: "running",
  failure: undefined,
  sourceConnected: true,
  targetConnected: true,
  sourceError: undefined,
  targetError: undefined,
  hold: undefined,
  refusal: undefined,
  trouble: undefined,
  pending: 0,
  silentMs: 0,
};
const why = { code: "X", reason: "because" };

describe("the state of a link that stands by", () => {
  it("is standby while another process has the source, though the source looks absent", () => {
    const standby = { waitsFor: "source", reason: "in use" } as const;
    expect(linkState({ ...RUNNING, life: "starting", sourceConnected: false, sourceError: "no", standby })).toEqual({
      state: "standby",
      reason: "in use",
      blockedBy: undefined,
    });
  });

  it("is standby while another process is given the messages, unless something else holds the link", () => {
    const standby = { waitsFor: "messages", reason: "none came" } as const;
    expect(linkState({ ...RUNNING, standby, trouble: why })).toMatchObject({ state: "standby", reason: "none came" });
    expect(linkState({ ...RUNNING, standby, targetConnected: false })).toMatchObject({ blockedBy: "TARGET_ABSENT" });
    expect(linkState({ ...RUNNING, standby, hold: why })).toMatchObject({ blockedBy: "X" });
    expect(linkState({ ...RUNNING, standby, failure: why })).toMatchObject({ state: "failed" });
  });
});

it("a link whose target does not tell who consumes is blocked by that", () => {
  const demand = { code: "DEMAND_UNAVAILABLE", reason: "not authorized" };
  expect(linkState({ ...RUNNING, demand })).toEqual({
    state: "blocked",
    reason: "not authorized",
    blockedBy: "DEMAND_UNAVAILABLE",
  });
});
