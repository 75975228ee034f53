/** Drills on a network that is played: as predicted, and with each thing that can go otherwise. */
import { describe, expect, it } from "vitest";
import { drillText } from "../../../../src/topology/drill/drill-text.ts";
import { type DrillTopologyOptions, drillTopology } from "../../../../src/topology/drill/drill-topology.ts";
import { generateTopology } from "../../../../src/topology/generate/generate-topology.ts";
import { networkOf } from "../../../../src/topology/network/network.ts";
import type { NetworkProbe, ProbedConnector } from "../../../../src/topology/probe/probe-topology.ts";
import { type MemberState, networkState } from "../../../../src/topology/simulate/simulate-topology.ts";

const pair = generateTopology({ hostPairs: 1, shape: "line" });
const START = { brokerA1: "active", brokerA2: "standby", brokerB1: "active", brokerB2: "standby" } as const;
const UP: ProbedConnector = { name: "A-to-B", from: "A", to: "B", state: "up" };

/** A network of which probes see, one after the other, these states; the last one stays. */
class PlayedNetwork {
  #states: Readonly<Record<string, MemberState>>[] = [START];
  connectors: readonly ProbedConnector[] = [UP];
  readonly acts: string[] = [];

  becomes(...states: Readonly<Record<string, MemberState>>[]): void {
    this.#states = states;
  }
  readonly probe = async (): Promise<NetworkProbe> => {
    const members = this.#states.length > 1 ? this.#states.shift() : this.#states[0];
    return {
      ...networkState(networkOf(pair), members ?? START),
      answers: {},
      connectors: this.connectors,
      unplanned: [],
    };
  };
}

function drill(
  network: PlayedNetwork,
  options: Partial<DrillTopologyOptions>,
  after: Parameters<PlayedNetwork["becomes"]>,
) {
  return drillTopology(pair, {
    hosts: ["h1"],
    fault: "kill",
    patienceMs: 400,
    holdMs: 250,
    probe: network.probe,
    strike: async (host, members) => {
      network.acts.push(`${host}: ${members.join(", ")}`);
      network.becomes(...after);
    },
    ...options,
  });
}

// A killed member refuses connections, as a standby does: the drill knows whom it has killed.
const KILLED = { brokerA1: "standby", brokerA2: "active", brokerB1: "active", brokerB2: "standby" } as const;
const CUT = { brokerA1: "down", brokerA2: "standby", brokerB1: "active", brokerB2: "down" } as const;

describe("a drill that kills a host", () => {
  it("agrees member by member where the survivors take over", async () => {
    const network = new PlayedNetwork();
    const between = { ...KILLED, brokerA2: "standby" } as const;
    const report = await drill(network, {}, [between, KILLED]);
    expect(network.acts).toEqual(["h1: brokerA1, brokerB2"]);
    expect(report.differences).toEqual([]);
    expect(report.rows.map(({ member, predicted, measured }) => [member, predicted, measured])).toEqual([
      ["brokerA1", "down", "down"],
      ["brokerA2", "active", "active"],
      ["brokerB1", "active", "active"],
      ["brokerB2", "down", "down"],
    ]);
    expect(report.takeoverMs).toBeGreaterThan(0);
    expect(report.connectorsMs).toBeGreaterThanOrEqual(report.takeoverMs ?? 0);
    expect(drillText(report)).toContain("4 of 4 members were as predicted. A taken over after");
  });

  it("predicts from who was active, not from who should be", async () => {
    const network = new PlayedNetwork();
    network.becomes(KILLED);
    const report = await drill(network, {}, [KILLED]);
    expect(report.rows.map(({ before, predicted }) => [before, predicted])).toContainEqual(["active", "active"]);
    expect(report.predicted.takenOver).toEqual([]);
    expect(report.takeoverMs).toBeUndefined();
  });

  it("tells each member that is otherwise than predicted", async () => {
    const nobody = { ...KILLED, brokerA2: "standby" } as const;
    const report = await drill(new PlayedNetwork(), {}, [nobody]);
    expect(report.differences).toContain("brokerA2 should be active and is standby");
    expect(report.takeoverMs).toBeUndefined();
    expect(drillText(report)).toContain("| brokerA2 | h2 | standby | active | standby | DIFFERS |");
  });

  it("tells a member that its command did not end", async () => {
    const report = await drill(new PlayedNetwork(), {}, [{ ...KILLED, brokerA1: "active" }]);
    expect(report.differences).toContain("brokerA1 should be down and is active");
  });

  it("tells a connector that does not come back, and whoever watches is told of it while it waits", async () => {
    const network = new PlayedNetwork();
    const told: string[] = [];
    const report = await drill(
      network,
      {
        onMissing: (missing) => told.push(...missing.map(({ name }) => name)),
        strike: async () => {
          network.connectors = [{ ...UP, state: "down" }];
          network.becomes(KILLED);
        },
      },
      [KILLED],
    );
    expect(told).toContain("A-to-B");
    expect(report.differences).toEqual(["Connector A-to-B from group A to group B should be there again and is not"]);
    expect(report.connectorsMs).toBeUndefined();
  });

  it("refuses a host that the description does not have before it strikes", async () => {
    const network = new PlayedNetwork();
    await expect(drill(network, { hosts: ["h9"] }, [KILLED])).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(network.acts).toEqual([]);
  });
});

describe("a drill that cuts a host off", () => {
  it("agrees where nobody takes over, and goes back to the same members when it heals", async () => {
    const network = new PlayedNetwork();
    const heal = async () => network.becomes(START);
    const report = await drill(network, { fault: "cut", heal }, [CUT]);
    expect(report.differences).toEqual([]);
    expect(report.predicted.stranded).toEqual(["A"]);
    expect(report.members).toEqual({ brokerA1: "cut", brokerA2: "standby", brokerB1: "active", brokerB2: "cut" });
    expect(report.healed?.rows.every(({ agrees }) => agrees)).toBe(true);
    expect(drillText(report)).toContain("Nobody took over A, as predicted.");
  });

  it("tells a member that takes over although the other one keeps the lock", async () => {
    const report = await drill(new PlayedNetwork(), { fault: "cut" }, [CUT, { ...CUT, brokerA2: "active" }]);
    expect(report.differences).toContain("brokerA2 should be standby and is active");
    expect(drillText(report)).not.toContain("Nobody took over");
  });

  it("heals the link also when watching it fails", async () => {
    const network = new PlayedNetwork();
    let probes = 0;
    const probe = async () => {
      probes += 1;
      if (probes > 1) throw new Error("the observer has ended");
      return network.probe();
    };
    const heal = async () => void network.acts.push("healed");
    await expect(drill(network, { fault: "cut", heal, probe }, [CUT])).rejects.toThrow("the observer has ended");
    expect(network.acts).toEqual(["h1: brokerA1, brokerB2", "healed"]);
  });
});
