/** One kill of each victim, over pairs that together cover every protocol and product on each side. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killRound, VICTIMS, type Victim } from "./bridge/kill-round.ts";
import { type RealGroup, startGroup } from "./real-group.ts";

describe.sequential.each([
  { source: "classic", target: "artemis", protocols: ["amqp", "stomp"], victims: VICTIMS },
  { source: "artemis", target: "classic", protocols: ["stomp", "amqp"], victims: ["both", "bridge"] },
] as const)("a bridge from $source to $target over $protocols", ({ source, target, protocols, victims }) => {
  let groups: readonly [RealGroup, RealGroup];
  beforeAll(async () => {
    groups = [await startGroup(source), await startGroup(target)];
  });
  afterAll(() => Promise.all((groups ?? []).map((group) => group.close())));

  it.each(victims as readonly Victim[])("loses nothing when %s is killed", async (victim) => {
    const round = await killRound({ source: groups[0], target: groups[1], protocols }, victim);
    expect(round.sent).toBeGreaterThan(100);
    expect(round.lost).toBe(0);
    if (target === "artemis") expect(round.storedTwice).toBe(0);
    // At most the messages that were in flight at the kill.
    else expect(round.storedTwice).toBeLessThanOrEqual(1_000);
  });

  if (source === "classic")
    it.each(VICTIMS)("loses nothing of a topic that it subscribes to durably when %s is killed", async (victim) => {
      const round = await killRound({ source: groups[0], target: groups[1], protocols }, victim, "topic");
      expect(round.sent).toBeGreaterThan(100);
      expect([round.lost, round.storedTwice]).toEqual([0, 0]);
    });
});
