import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { DemandControl, type TakenSource } from "../../../../src/bridge/demand/demand-control.ts";
import type { DemandWatch } from "../../../../src/bridge/demand/demand-watch.ts";
import { formatPattern, parsePattern } from "../../../../src/bridge/routing/pattern.ts";
import { type RouteRules, reverseRouteOf } from "../../../../src/bridge/routing/route.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** The way back of a duplex link: these are consumed in the group that it sends to, and nothing in the one it takes from. */
async function takenBack(rules: RouteRules, consumed: readonly string[]): Promise<() => string[]> {
  let taken: readonly TakenSource[] = [];
  const target = { on: () => {}, connect: async () => {}, close: async () => {} } as unknown as Connection;
  const control = new DemandControl({
    source: { broker: { product: "activemq" } } as unknown as Connection,
    target,
    targetProtocol: "amqp",
    route: reverseRouteOf(rules),
    whenUnavailable: "stop",
    local: () => ({ hasNoConsumer: () => true }) as unknown as DemandWatch,
    take: (sources) => {
      taken = sources;
    },
    onChange: () => {},
    onUnreadable: () => {},
    fail: (code) => expect.unreachable(code),
    openSession: () => ({
      ready: Promise.resolve(),
      demanded: () => consumed.map(parsePattern),
      close: async () => {},
    }),
  });
  await control.start(AbortSignal.timeout(60_000));
  await vi.advanceTimersByTimeAsync(1_000);
  await control.close();
  return () => taken.filter(({ returns }) => returns).map(({ pattern }) => formatPattern(pattern));
}

describe("what a direction gives back for want of a consumer", () => {
  it("is a queue that somebody consumes where it goes, and nobody where it lies", async () => {
    const given = await takenBack({ include: ["queue://orders.>"] }, ["queue://orders.new"]);
    expect(given()).toEqual(["queue://orders.new"]);
  });

  it("is no static destination, which the other direction would forward again, whoever consumes it", async () => {
    const audit = { include: ["queue://orders.>"], static: ["queue://orders.audit"] };
    expect((await takenBack(audit, ["queue://orders.audit", "queue://orders.new"]))()).toEqual(["queue://orders.new"]);
    expect((await takenBack(audit, ["queue://orders.>", "queue://orders.*"]))()).toEqual([]);
  });

  it("is no static destination under the name that it has after a rename", async () => {
    const renamed = {
      include: ["queue://orders.*"],
      static: ["queue://orders.audit"],
      rename: [{ from: "queue://orders.*", to: "queue://eu.$1" }],
    };
    const given = await takenBack(renamed, ["queue://orders.audit", "queue://orders.new"]);
    expect(given()).toContain("queue://eu.new");
    expect(given()).not.toContain("queue://eu.audit");
  });
});
