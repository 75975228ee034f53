import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bridge, createBridge } from "../../../../src/bridge/bridge.ts";
import type { BridgeLink } from "../../../../src/bridge/config/bridge-config.ts";
import type { BridgeWarning } from "../../../../src/bridge/watch/watched-group.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/embedded-group.ts";

let north: EmbeddedGroup;
let south: EmbeddedGroup;
const bridges: Bridge[] = [];

beforeEach(async () => {
  [north, south] = await Promise.all([embeddedGroup({ inProcess: true }), embeddedGroup({ inProcess: true })]);
});
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((bridge) => bridge.close({ drainTimeoutMs: 0 })));
  await Promise.all([north.close(), south.close()]);
});

const link: BridgeLink = { from: "north", to: "south", include: ["queue://orders"], canary: { intervalMs: 100 } };

async function run(
  links: Readonly<Record<string, Partial<BridgeLink>>>,
  protocols: readonly ["stomp" | "amqp", "stomp" | "amqp"] = ["amqp", "amqp"],
  names: { readonly north?: string; readonly other?: string } = {},
): Promise<{ readonly bridge: Bridge; readonly warnings: BridgeWarning[] }> {
  const bridge = createBridge({
    groups: {
      north: { uri: north.uri(protocols[0]), ...(names.north !== undefined && { id: names.north }) },
      south: { uri: south.uri(protocols[1]) },
    },
    links: Object.fromEntries(Object.entries(links).map(([name, more]) => [name, { ...link, ...more }])),
  });
  const warnings: BridgeWarning[] = [];
  bridge.on("warning", (warning) => warnings.push(warning));
  bridges.push(bridge);
  await bridge.start();
  return { bridge, warnings };
}

const canaryOf = (bridge: Bridge) => bridge.status().links["l"]?.canary;

describe("the canary of a link", () => {
  it.each([
    ["amqp", "amqp"],
    ["amqp", "stomp"],
    ["stomp", "amqp"],
    ["stomp", "stomp"],
  ] as const)("measures the way from %s to %s and counts as no message of the link", async (...protocols) => {
    const { bridge } = await run({ l: {} }, protocols);
    await expect.poll(() => canaryOf(bridge)?.arrived, { timeout: 10_000 }).toBeGreaterThan(2);
    const { state, lastMs, p50Ms, maxMs, lost } = canaryOf(bridge) ?? {};
    expect([state, lost]).toEqual(["arriving", 0]);
    expect(lastMs).toBeGreaterThan(0);
    expect(maxMs).toBeGreaterThanOrEqual(p50Ms ?? Number.POSITIVE_INFINITY);
    expect(bridge.status().links["l"]).toMatchObject({ state: "running", forwarded: 0, lastProgressAtMs: undefined });
  });

  it("measures both directions of a duplex link", async () => {
    const { bridge } = await run({ l: { duplex: true } });
    await expect.poll(() => canaryOf(bridge)?.arrived, { timeout: 10_000 }).toBeGreaterThan(3);
  });

  it("is off when the configuration says so, and for a link that ends", async () => {
    const { bridge } = await run({
      l: { canary: false },
      move: { include: ["queue://old"], until: { durationMs: 60_000 } },
    });
    const { links } = bridge.status();
    expect([links["l"]?.canary.state, links["move"]?.canary.state]).toEqual(["off", "off"]);
  });

  it("waits like any message while the target is absent, and arrives when it is back", async () => {
    const { bridge } = await run({ l: {} });
    await expect.poll(() => canaryOf(bridge)?.arrived, { timeout: 10_000 }).toBeGreaterThan(0);
    const first = await south.crash();
    await south.takeover();
    await south.crash();
    await expect.poll(() => bridge.status().links["l"]?.blockedBy, { timeout: 10_000 }).toBe("TARGET_ABSENT");
    await expect.poll(() => canaryOf(bridge)?.state, { timeout: 10_000 }).toBe("late");
    const before = canaryOf(bridge)?.arrived ?? 0;
    await south.restart(first);
    await south.takeover();
    await expect.poll(() => canaryOf(bridge)?.arrived, { timeout: 10_000 }).toBeGreaterThan(before + 1);
    await expect.poll(() => bridge.status().links["l"]?.state, { timeout: 10_000 }).toBe("running");
    // None was sent behind one that waited.
    expect((await north.messages("masterslave.canary.l.north.south")).length).toBeLessThanOrEqual(1);
  });
});

describe("a group that two bridges call by different names", () => {
  it("raises GROUP_HAS_TWO_NAMES in both of them, and in neither when they agree", async () => {
    const one = await run({ l: {} });
    const two = await run({ l: {} });
    await expect.poll(() => canaryOf(two.bridge)?.arrived, { timeout: 10_000 }).toBeGreaterThan(2);
    expect([...one.warnings, ...two.warnings]).toEqual([]);
    const third = await run({ l: {} }, undefined, { north: "nord" });
    const told = (warnings: readonly BridgeWarning[]) => warnings.find(({ code }) => code === "GROUP_HAS_TWO_NAMES");
    for (const { warnings } of [one, two, third])
      await expect.poll(() => told(warnings), { timeout: 10_000 }).toMatchObject({ group: "north" });
    expect(told(one.warnings)?.message).toContain('"nord"');
    expect(told(third.warnings)?.message).toContain('"north"');
    expect(third.bridge.status().warnings.map(({ code }) => code)).toContain("GROUP_HAS_TWO_NAMES");
  });
});

it("a warning of one of the connections is an event of the bridge, and stands in its status", async () => {
  const bridge = createBridge({
    groups: { north: { uri: `${north.uri("amqp")}?jms.prefetchPolicy.all=5` }, south: { uri: south.uri("amqp") } },
    links: { l: { ...link, canary: false } },
  });
  bridges.push(bridge);
  const told: BridgeWarning[] = [];
  bridge.on("warning", (warning) => told.push(warning));
  await bridge.start();
  expect(told).toEqual([expect.objectContaining({ link: "l", group: "north", code: "OPTIONS_IGNORED" })]);
  expect(bridge.status().warnings).toEqual(told);
});
