import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { type EmbeddedGroup, type EmbeddedGroupOptions, embeddedGroup } from "../../../src/testing/index.ts";
import { RawStomp } from "./raw-stomp.ts";

async function withGroup(options: EmbeddedGroupOptions, use: (group: EmbeddedGroup) => Promise<void>): Promise<void> {
  const group = await embeddedGroup({ inProcess: true, protocols: ["stomp"], ...options });
  try {
    await use(group);
  } finally {
    await group.close();
  }
}

const portOf = (group: EmbeddedGroup, member: number) => group.endpoints("stomp")[member]?.port ?? 0;

const openActive = (group: EmbeddedGroup) => RawStomp.open(portOf(group, group.active ?? -1));

function connectCode(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? ""));
  });
}

describe("embeddedGroup", () => {
  it("begins with the first member active and the others refusing", async () => {
    await withGroup({ members: 3, protocols: ["stomp", "amqp"] }, async (group) => {
      expect(group.active).toBe(0);
      expect(group.uri("stomp")).toMatch(/^masterslave:\((stomp:\/\/127\.0\.0\.1:\d+,?){3}\)$/);
      expect(group.uri("amqp")).toMatch(/^masterslave:\((amqp:\/\/127\.0\.0\.1:\d+,?){3}\)$/);
      const codes = await Promise.all([0, 1, 2].map((member) => connectCode(portOf(group, member))));
      expect(codes).toEqual(["connected", "ECONNREFUSED", "ECONNREFUSED"]);
    });
  });

  it("fails over: another member is active, the crashed one is standby, on the same ports", async () => {
    await withGroup({}, async (group) => {
      const uri = group.uri("stomp");
      for (const expected of [1, 0, 1]) {
        const { member, tookMs } = await group.failover();
        expect([member, group.active]).toEqual([expected, expected]);
        expect(tookMs).toBeGreaterThan(0);
        expect(tookMs).toBeLessThan(5000);
      }
      expect(group.uri("stomp")).toBe(uri);
      expect(await connectCode(portOf(group, 0))).toBe("ECONNREFUSED");
    });
  });

  it("of one member is active again after a failover", async () => {
    await withGroup({ members: 1 }, async (group) => {
      expect(await group.failover()).toMatchObject({ member: 0 });
    });
  });

  it("keeps what was confirmed and ends clients without a word when it crashes", async () => {
    await withGroup({}, async (group) => {
      const client = await openActive(group);
      await client.confirmed("SEND", { destination: "/queue/q", persistent: "true" }, "kept");
      await client.confirmed("SEND", { destination: "/queue/q" }, "not persistent");
      expect(await group.crash()).toBe(0);
      expect(group.active).toBeUndefined();
      await client.closed;
      expect(client.frames).toEqual([]);
      await expect(group.stats()).rejects.toMatchObject({ code: "UNSUPPORTED" });
      await group.takeover();
      expect((await group.messages("q")).map(({ text }) => text)).toEqual(["kept"]);
    });
  });

  it("does not confirm what it has not synced when it crashes", async () => {
    await withGroup({}, async (group) => {
      const client = await openActive(group);
      for (let count = 0; count < 200; count++) {
        client.send("SEND", { destination: "/queue/q", persistent: "true", receipt: `${count}` }, `${count}`);
      }
      await client.next("RECEIPT");
      await group.crash();
      await client.closed;
      const confirmed = 1 + client.frames.filter(({ command }) => command === "RECEIPT").length;
      await group.takeover();
      const stored = (await group.messages("q")).map(({ text }) => text);
      expect(stored.length).toBeGreaterThanOrEqual(confirmed);
      expect(stored).toEqual(stored.map((_, index) => `${index}`));
    });
  });

  it("waits takeoverDelayMs before it listens", async () => {
    await withGroup({ takeoverDelayMs: 150 }, async (group) => {
      const { tookMs } = await group.failover();
      expect(tookMs).toBeGreaterThanOrEqual(149);
    });
  });

  it("passes on at a clean stop, and takes the stopped member back", async () => {
    await withGroup({}, async (group) => {
      const client = await openActive(group);
      await client.confirmed("SEND", { destination: "/queue/q", persistent: "true" }, "kept");
      await group.stop(0);
      await client.closed;
      expect(await group.takeover()).toMatchObject({ member: 1 });
      await group.restart(0);
      await group.stop(1);
      expect(await group.takeover()).toMatchObject({ member: 0 });
      expect((await group.messages("q")).map(({ text }) => text)).toEqual(["kept"]);
    });
  });

  it("drops duplicates only where asked to", async () => {
    for (const [duplicateDetection, expected] of [
      [false, 2],
      [true, 1],
    ] as const) {
      await withGroup({ duplicateDetection }, async (group) => {
        for (let sent = 0; sent < 2; sent++) {
          const client = await openActive(group);
          await client.confirmed("SEND", { destination: "/queue/q", persistent: "true", _AMQ_DUPL_ID: "1" }, "a");
          await group.failover();
        }
        expect(await group.messages("q")).toHaveLength(expected);
      });
    }
  });

  it("refuses sends past maxMessages", async () => {
    await withGroup({ maxMessages: 2 }, async (group) => {
      const client = await openActive(group);
      for (const persistent of ["true", "true", "false"]) client.send("SEND", { destination: "/queue/q", persistent });
      expect((await client.next("ERROR")).body).toMatch(/^amqp:resource-limit-exceeded: /);
    });
  });

  it("rejects a takeover that does not come, naming the time or the reason", async () => {
    await withGroup({ members: 1 }, async (group) => {
      await group.crash();
      await expect(group.takeover({ timeoutMs: 20 })).rejects.toThrow("within 20 ms");
      const waiting = group.takeover();
      const closed = group.close();
      await expect(waiting).rejects.toThrow("The group is closed");
      await closed;
    });
  });

  it("says why when the member that should take over cannot", async () => {
    await withGroup({}, async (group) => {
      const squatter = createServer().listen(portOf(group, 1), "127.0.0.1");
      await once(squatter, "listening");
      await group.crash();
      await expect(group.takeover()).rejects.toThrow(/^Member 1 failed: .*EADDRINUSE/);
      await new Promise((resolve) => squatter.close(resolve));
      await group.restart(1);
      expect(await group.takeover()).toMatchObject({ member: 1 });
    });
  }, 15_000);

  it.each([
    [{ members: 0 }, "members"],
    [{ members: 8 }, "members"],
    [{ protocols: [] }, "protocols"],
    [{ protocols: ["mqtt"] as unknown as ["stomp"] }, "protocols"],
    [{ takeoverDelayMs: Number.NaN }, "takeoverDelayMs"],
  ])("refuses the options %j", async (options, text) => {
    await expect(embeddedGroup({ inProcess: true, ...options })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(text),
    });
  });

  it("refuses what it cannot do in one process, and what it does not have", async () => {
    await withGroup({}, async (group) => {
      expect(() => group.pause(0)).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
      expect(() => group.uri("amqp")).toThrow(expect.objectContaining({ code: "UNSUPPORTED" }));
      await expect(group.restart(5)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    });
  });

  it("removes its store when it is closed, however often", async () => {
    const stores = () => readdirSync(tmpdir()).filter((name) => name.startsWith("masterslave-embedded-"));
    const before = new Set(stores());
    const group = await embeddedGroup({ inProcess: true });
    const mine = stores().filter((name) => !before.has(name));
    expect(mine.length).toBeGreaterThan(0);
    await Promise.all([group.close(), group.close()]);
    const left = mine.filter((name) => existsSync(`${tmpdir()}/${name}`));
    // Other tests may have begun a group of their own meanwhile.
    expect(left.length).toBeLessThan(mine.length);
    await expect(group.crash()).rejects.toThrow("closed");
  });

  it("leaves nothing behind over 300 failovers with clients", async () => {
    const timers = resources("Timeout");
    await withGroup({ protocols: ["stomp", "amqp"] }, async (group) => {
      for (let count = 0; count < 20; count++) await failoverWithClient(group);
      const before = resources("TCP");
      for (let count = 0; count < 300; count++) await failoverWithClient(group);
      expect(await settledResources("TCP", before)).toEqual(before);
    });
    expect(await settledResources("TCP", {})).toEqual({});
    expect(resources("Timeout")["Timeout"] ?? 0).toBeLessThanOrEqual(timers["Timeout"] ?? 0);
  }, 60_000);
});

async function failoverWithClient(group: EmbeddedGroup): Promise<void> {
  const client = await openActive(group);
  client.send("SUBSCRIBE", { id: "1", destination: "/queue/q", ack: "client" });
  await client.confirmed("SEND", { destination: "/queue/q", persistent: "true" }, "a".repeat(100));
  const { headers } = await client.next("MESSAGE");
  await client.confirmed("ACK", { id: headers["ack"] ?? "" });
  await group.failover();
  await client.closed;
}

/** The resources once they are as expected, or what they are after a second: closing takes a few turns of the loop. */
async function settledResources(prefix: string, expected: Record<string, number>): Promise<Record<string, number>> {
  for (let turn = 0; turn < 100; turn++) {
    if (JSON.stringify(resources(prefix)) === JSON.stringify(expected)) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return resources(prefix);
}

/** What keeps the process alive, by kind; timers come and go while a standby polls. */
function resources(prefix: string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (kind.startsWith(prefix)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
