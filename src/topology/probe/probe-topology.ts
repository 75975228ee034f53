/** Probes a running network: whether each member is active, and which connectors lead to each active broker. */
import { AbortError } from "../../errors/errors.ts";
import type { Topology } from "../description/topology.ts";
import { brokerNameOf, connectorName, type Network, networkOf, productOf } from "../network/network.ts";
import { type NetworkState, networkState } from "../simulate/simulate-topology.ts";
import { ASK_TIMEOUT_MS, type AskOptions, askMember, type MemberAnswer } from "./ask-member.ts";
import { connectorNews, type SeenConnector } from "./connector-news.ts";

/** How to probe a network. */
export interface ProbeTopologyOptions extends AskOptions {
  /**
   * Whether to ask brokers for their connectors as well, which takes about half a second longer; true when left out.
   */
  readonly connectors?: boolean | undefined;
  /** The names of the members to ask; all members when left out. */
  readonly members?: readonly string[] | undefined;
}

/** A connector as reported by the broker at its far end. */
export interface ProbedConnector {
  /** The connector's name. */
  readonly name: string;
  /** The group that has it. */
  readonly from: string;
  /** The group it leads to. */
  readonly to: string;
  /** `unknown` if the broker at `to` does not report connectors, or is not active. */
  readonly state: "up" | "down" | "unknown";
}

/** A connector that the description does not have. */
export interface UnplannedConnector {
  /** The group whose active member reported it. */
  readonly at: string;
  /** Its client id: its name, the brokerName that it comes from, and `outbound`. */
  readonly clientId: string;
  /** The address it comes from. */
  readonly address: string;
}

/** The state of a running network. renderTopology can draw its `members`, `load` and `reach`. */
export interface NetworkProbe extends NetworkState {
  /** The answer of each member, by its name. */
  readonly answers: Readonly<Record<string, MemberAnswer>>;
  /** The network connectors of the description between Classic groups; empty if they were not asked for. */
  readonly connectors: readonly ProbedConnector[];
  /** Connectors that the description does not have. */
  readonly unplanned: readonly UnplannedConnector[];
}

/** The connectors that the active member of each group reported; undefined if it reported nothing. */
type News = ReadonlyMap<string, readonly SeenConnector[] | undefined>;

/**
 * Resolves with the state of the network. A member that does not answer is part of the result, so it rejects only with
 * ABORTED, when `signal` fires.
 */
export async function probeTopology(topology: Topology, options: ProbeTopologyOptions = {}): Promise<NetworkProbe> {
  const { connectors: wantsConnectors = true, members: only, timeoutMs = ASK_TIMEOUT_MS, signal } = options;
  const network = networkOf(topology);
  const news = new Map<string, readonly SeenConnector[] | undefined>();
  const placed = [...network.members.values()].filter(({ member }) => only?.includes(member.name) ?? true);
  const asked = placed.map(async ({ member, group, address }) => {
    const isClassic = productOf(topology, group) === "classic";
    const answer = await askMember(member, address, options, async (connection) => {
      if (!wantsConnectors || !isClassic) return undefined;
      const { connectors, brokerName } = await connectorNews(connection, timeoutMs);
      news.set(group, connectors);
      return { brokerName };
    });
    return [member.name, answer] as const;
  });
  const answers = Object.fromEntries(await answersTo(asked, signal));
  const members = Object.fromEntries(Object.entries(answers).map(([name, { state }]) => [name, state]));
  const planned = wantsConnectors ? plannedConnectors(network) : [];
  return {
    ...networkState(network, members),
    answers,
    connectors: planned.map(({ clientId, ...connector }) => ({
      ...connector,
      state: stateOf(news, connector.to, clientId),
    })),
    unplanned: unplannedIn(news, planned),
  };
}

async function answersTo<T>(asked: readonly Promise<T>[], signal: AbortSignal | undefined): Promise<T[]> {
  const settled = await Promise.allSettled(asked);
  if (signal?.aborted) throw new AbortError("The probe was aborted", signal.reason);
  return settled.map((each) => {
    if (each.status === "rejected") throw each.reason;
    return each.value;
  });
}

interface PlannedConnector extends Omit<ProbedConnector, "state"> {
  readonly clientId: string;
}

/** Only Classic's network connectors: connectors of Artemis, and this package's bridge, are not visible this way. */
function plannedConnectors(network: Network): PlannedConnector[] {
  const { topology, connectors } = network;
  const isClassic = (group: string) => productOf(topology, group) === "classic";
  return connectors
    .filter(({ kind, from, to }) => kind === "network" && isClassic(from) && to.every(isClassic))
    .flatMap((each) => {
      const name = connectorName(each, connectors);
      // The client id of the connection: BridgeFactory and DemandForwardingBridgeSupport of Classic 6.3.1.
      const clientId = `${name}_${brokerNameOf(topology, each.from)}_outbound`;
      return each.to.map((to) => ({ name, from: each.from, to, clientId }));
    });
}

function stateOf(news: News, group: string, clientId: string): ProbedConnector["state"] {
  const seen = news.get(group);
  if (!seen) return "unknown";
  return seen.some((each) => each.clientId === clientId) ? "up" : "down";
}

function unplannedIn(news: News, planned: readonly PlannedConnector[]): UnplannedConnector[] {
  return [...news].flatMap(([at, seen = []]) =>
    seen
      .filter(({ clientId }) => !planned.some((each) => each.to === at && each.clientId === clientId))
      .map(({ clientId, from }) => ({ at, clientId, address: from })),
  );
}
