import { afterEach, describe, expect, it } from "vitest";
import { detectWay, PAIR_KINDS, type PairKind, type RealGroup, startGroup } from "../real-group.ts";
import { runKills } from "./kill-run.ts";

const KINDS = PAIR_KINDS.filter((kind) => kind !== "shared-store");
let group: RealGroup | undefined;

afterEach(() => group?.close());

async function start(kind: PairKind): Promise<RealGroup> {
  group = await startGroup("artemis", { kind });
  return group;
}

/** Fails if a confirmed message is lost, duplicated or out of order, or if a send is not confirmed. */
function expectKept({ stream, store }: Awaited<ReturnType<typeof runKills>>): void {
  for (const { confirmed, lost, storedTwice, outOfOrder, rejected, unresolved } of [stream, store]) {
    expect({ lost, storedTwice, outOfOrder, rejected, unresolved }).toEqual({
      lost: [],
      storedTwice: [],
      outOfOrder: 0,
      rejected: 0,
      unresolved: 0,
    });
    expect(confirmed).toBeGreaterThan(0);
  }
}

describe.runIf((await detectWay()) === "maven")("a pair of Artemis", () => {
  it.each(KINDS)(
    "of the kind %s keeps everything that was confirmed when its active member is killed",
    async (kind) => {
      const pair = await start(kind);
      expect(await pair.active()).toBe("a");
      const report = await runKills(pair, "amqp", { rounds: 1, loadMs: 700, onRound: () => {} });
      expectKept(report);
      // With failback the killed member becomes active again; otherwise it is the standby.
      expect(await pair.active()).toBe(kind.endsWith("failback") ? "a" : "b");
    },
    240_000,
  );

  it("that replicates and does not fail back keeps everything that was confirmed through three kills in turn", async () => {
    const pair = await start("replicated");
    const report = await runKills(pair, "stomp", { rounds: 3, loadMs: 700, onRound: () => {} });
    expectKept(report);
    const ports = report.failovers.map(({ from }) => from.port);
    const { port: a } = pair.endpoint("a", "stomp");
    const { port: b } = pair.endpoint("b", "stomp");
    expect(ports).toEqual([a, b, a]);
  }, 240_000);
});

describe("a pair of Classic", () => {
  it("of a kind that only Artemis has is refused before anything starts", async () => {
    if ((await detectWay()) !== "maven") return;
    await expect(startGroup("classic", { kind: "replicated" })).rejects.toThrow(/"replicated" is a pair of Artemis/);
  });
});
