/** The watchdog of connectors restarts the broker of one that stays away, once for each limit, and no other. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProbedConnector } from "../../src/topology/probe/probe-topology.ts";
import { CONNECTOR_LIMIT_MS, ConnectorWatchdog } from "./connector-watchdog.ts";

const AB: ProbedConnector = { name: "A-to-B", from: "A", to: "B", state: "down" };
const AC: ProbedConnector = { name: "A-to-C", from: "A", to: "C", state: "down" };

describe("the watchdog of connectors", () => {
  let restarted: string[];
  let watchdog: ConnectorWatchdog;
  beforeEach(() => {
    restarted = [];
    watchdog = new ConnectorWatchdog(({ name }) => restarted.push(name));
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterEach(() => vi.restoreAllMocks());

  it("has the broker of a connector restarted that was missing for the whole limit, and says which", () => {
    for (const at of [0, CONNECTOR_LIMIT_MS - 1]) watchdog.note([AB, AC], at);
    expect(restarted).toEqual([]);
    watchdog.note([AB], CONNECTOR_LIMIT_MS);
    expect(restarted).toEqual(["A-to-B"]);
    expect(watchdog.acted).toEqual(["A-to-B from A to B"]);
  });

  it("starts anew for a connector that was there in between", () => {
    watchdog.note([AB], 0);
    watchdog.note([], 1_000);
    watchdog.note([AB], 2_000);
    watchdog.note([AB], CONNECTOR_LIMIT_MS + 1_000);
    expect(restarted).toEqual([]);
  });

  it("gives the connector the whole limit again after a restart", () => {
    for (const at of [0, CONNECTOR_LIMIT_MS, 2 * CONNECTOR_LIMIT_MS - 1]) watchdog.note([AB], at);
    expect(restarted).toHaveLength(1);
    watchdog.note([AB], 2 * CONNECTOR_LIMIT_MS);
    expect(restarted).toHaveLength(2);
  });
});
