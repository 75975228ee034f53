import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bridge, createBridge } from "../../../../src/bridge/bridge.ts";
import type { BridgeLink } from "../../../../src/bridge/config/bridge-config.ts";
import { connect } from "../../../../src/connect/connect.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../../src/testing/embedded-group.ts";

let north: EmbeddedGroup;
let south: EmbeddedGroup;
let sender: Connection;
const bridges: Bridge[] = [];

beforeEach(async () => {
  [north, south] = await Promise.all([embeddedGroup({ inProcess: true }), embeddedGroup({ inProcess: true })]);
  sender = await connect(north.uri("amqp"));
});
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((bridge) => bridge.close({ drainTimeoutMs: 0 })));
  await sender.close({ drainTimeoutMs: 0 });
  await Promise.all([north.close(), south.close()]);
});

async function run(link: Partial<BridgeLink>): Promise<Bridge> {
  const bridge = createBridge({
    groups: { north: { uri: north.uri("amqp") }, south: { uri: south.uri("amqp") } },
    links: { l: { from: "north", to: "south", include: ["queue://orders"], canary: false, ...link } },
  });
  bridges.push(bridge);
  await bridge.start();
  return bridge;
}

const places = async (bridge: Bridge, id: string) => (await bridge.trace(id)).found.map(({ place }) => place);

describe("trace()", () => {
  it("tells when a message was forwarded, where to and as which id, and finds it there by both ids", async () => {
    const bridge = await run({ rename: [{ from: "queue://orders", to: "queue://eu.orders" }] });
    const { id } = await sender.send("queue://orders", "1 hammer");
    await expect.poll(() => places(bridge, id), { timeout: 10_000 }).toEqual(["forwarded", "at-target"]);
    const [forwarded, there] = (await bridge.trace(id)).found;
    expect(forwarded).toMatchObject({
      link: "l",
      from: "north",
      to: "south",
      id,
      targetId: there?.id,
      source: "queue://orders",
      destination: "queue://eu.orders",
    });
    expect(Math.abs(Date.now() - (forwarded?.atMs ?? 0))).toBeLessThan(60_000);
    expect(await places(bridge, there?.id ?? "")).toEqual(["forwarded", "at-target"]);
  });

  it("tells a dead letter with its reason, and finds its copy", async () => {
    const map = () => {
      throw new Error("no such customer");
    };
    const bridge = await run({ map });
    const { id } = await sender.send("queue://orders", "1");
    await expect.poll(() => places(bridge, id), { timeout: 10_000 }).toEqual(["dead-lettered", "in-dead-letters"]);
    for (const { reason } of (await bridge.trace(id)).found) expect(reason).toContain("no such customer");
  });

  it("finds a message that still lies at the source, because it is not for this link or the target is absent", async () => {
    const bridge = await run({});
    await south.crash();
    await expect.poll(() => bridge.status().links["l"]?.blockedBy, { timeout: 10_000 }).toBe("TARGET_ABSENT");
    const { id } = await sender.send("queue://orders", "1");
    // The link may have taken it just before it knew.
    expect(["at-source", "in-flight"]).toContain((await places(bridge, id))[0]);
    const { notLookedInto } = await bridge.trace("nobody's");
    expect(notLookedInto).toEqual([expect.stringContaining("south")]);
    await south.takeover();
    await expect.poll(() => places(bridge, id), { timeout: 20_000 }).toEqual(["forwarded", "at-target"]);
  });

  it("knows nothing of a message that nobody sent", async () => {
    const bridge = await run({});
    expect(await bridge.trace("never")).toEqual({ id: "never", found: [], notLookedInto: [] });
  });
});
