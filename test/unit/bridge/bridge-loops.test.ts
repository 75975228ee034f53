import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Bridge, createBridge } from "../../../src/bridge/bridge.ts";
import type { BridgeConfig } from "../../../src/bridge/config/bridge-config.ts";
import { connect } from "../../../src/connect/connect.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../src/testing/embedded-group.ts";

const NAMES = ["a", "b", "c", "d"] as const;
type Edge = readonly [number, number];
let groups: EmbeddedGroup[];
let clients: Connection[];
let runs = 0;

beforeAll(async () => {
  groups = await Promise.all(NAMES.map(() => embeddedGroup({ inProcess: true, members: 1, duplicateDetection: true })));
  clients = await Promise.all(groups.map((group) => connect(group.uri("amqp"))));
});
afterAll(async () => {
  await Promise.all((clients ?? []).map((client) => client.close({ drainTimeoutMs: 0 })));
  await Promise.all((groups ?? []).map((group) => group.close()));
});

function network(edges: readonly Edge[], topic: string, duplex: boolean): BridgeConfig {
  return {
    groups: Object.fromEntries(NAMES.map((name, index) => [name, { uri: groups[index]?.uri("amqp") ?? "" }])),
    links: Object.fromEntries(
      edges.map(([from, to]) => [
        `${NAMES[from]}-${NAMES[to]}`,
        { from: NAMES[from] ?? "", to: NAMES[to] ?? "", include: [`topic://${topic}`], duplex, maxHops: 4 },
      ]),
    ),
  };
}

/** Publishes one message in each group, and returns what a subscriber of each group is brought: by group, sorted. */
async function play(edges: readonly Edge[], duplex: boolean): Promise<string[][]> {
  const topic = `loops.${runs++}`;
  const bridge: Bridge = createBridge(network(edges, topic, duplex));
  const seen: string[][] = NAMES.map(() => []);
  const consumers = clients.map((client) => client.consume(`topic://${topic}`));
  try {
    await bridge.start();
    await Promise.all(consumers.map(({ ready }) => ready));
    const reading = consumers.map(async (consumer, index) => {
      for await (const delivery of consumer) {
        seen[index]?.push(delivery.message.text());
        await delivery.accept();
      }
    });
    await Promise.all(clients.map((client, index) => client.send(`topic://${topic}`, `from ${NAMES[index]}`)));
    await quiet(() => seen.flat().length);
    await Promise.all(consumers.map((consumer) => consumer.close()));
    await Promise.all(reading);
    return seen.map((texts) => texts.sort());
  } finally {
    await bridge.close({ drainTimeoutMs: 500 });
  }
}

/** Resolves when a count has not grown for 300 ms. */
async function quiet(count: () => number): Promise<void> {
  for (let [last, still] = [count(), 0]; still < 6; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    still = count() === last ? still + 1 : 0;
    last = count();
  }
}

/** Which groups a message of `start` reaches. */
function reachable(start: number, edges: readonly Edge[], duplex: boolean): ReadonlySet<number> {
  const found = new Set([start]);
  for (const here of found)
    for (const [from, to] of edges) {
      if (from === here) found.add(to);
      if (duplex && to === here) found.add(from);
    }
  return found;
}

describe("a network of groups", () => {
  it("as a ring of three with duplex links brings each message to each group once", async () => {
    const seen = await play(
      [
        [0, 1],
        [1, 2],
        [2, 0],
      ],
      true,
    );
    for (const index of [0, 1, 2]) expect(seen[index]).toEqual(["from a", "from b", "from c"]);
  });

  it("of any shape brings each message once to each group that a way leads to, and no further", async () => {
    const edges = fc.uniqueArray(
      fc.tuple(fc.nat(3), fc.nat(3)).filter(([from, to]) => from !== to),
      { minLength: 1, maxLength: 6, selector: ([from, to]) => `${Math.min(from, to)} ${Math.max(from, to)}` },
    );
    await fc.assert(
      fc.asyncProperty(edges, fc.boolean(), async (shape, duplex) => {
        const seen = await play(shape, duplex);
        for (const [index] of NAMES.entries()) {
          const expected = NAMES.filter((_, from) => reachable(from, shape, duplex).has(index)).map(
            (name) => `from ${name}`,
          );
          expect([shape, duplex, index, seen[index]]).toEqual([shape, duplex, index, expected]);
        }
      }),
      { numRuns: 12 },
    );
  }, 120_000);
});
