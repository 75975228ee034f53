/**
 * A subset of the faults in docs/failure-modes.md with quick heart-beats: every fault on one broker over one protocol,
 * power loss on all of them.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FAULTS } from "./faults/all-faults.ts";
import { DEAD_FIRSTS } from "./faults/dead-firsts.ts";
import { complaints, figuresOf } from "./figures.ts";
import { measureNewClient, startWarmClient, tooSlow } from "./new-client.ts";
import { COMBINATIONS } from "./run-file.ts";
import { Stage } from "./stage.ts";
import { tryFault } from "./trial.ts";

/**
 * All promises are in heart-beat intervals, so with a fifth of the default interval they can be tested in a fifth of
 * the time.
 */
const HEARTBEAT_MS = 1_000;
const EVERYWHERE = ["host loses power", "SYN black-holed"];

/** Faults are distributed over the combinations, so that each combination is tried. */
function rowsOf<Row extends { readonly name: string }>(rows: readonly Row[], combination: number): Row[] {
  return rows.filter(({ name }, index) => EVERYWHERE.includes(name) || index % COMBINATIONS.length === combination);
}

describe.each(["classic", "artemis"] as const)("a pair of %s", (product) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.start(product);
  });
  afterAll(() => stage?.close());

  describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
    const combination = COMBINATIONS.findIndex((each) => each.product === product && each.protocol === protocol);

    it.each(rowsOf(FAULTS, combination))("keeps its promises: $name", async (fault) => {
      const figures = figuresOf(await tryFault(stage, fault, protocol, HEARTBEAT_MS));
      expect(complaints(fault, figures, { product, protocol }, HEARTBEAT_MS), JSON.stringify(figures)).toEqual([]);
    });

    it.each(rowsOf(DEAD_FIRSTS, combination))("connects a new client in time: $name", async (first) => {
      const dead = await stage.deadHost();
      await using client = await startWarmClient(stage, protocol);
      expect(tooSlow(first, await measureNewClient(stage, dead, first, protocol, client))).toBeUndefined();
    });
  });
});
