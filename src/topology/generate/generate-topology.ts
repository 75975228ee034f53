/** Generates the description of a network of host pairs. */
import { InvalidArgumentError } from "../../errors/errors.ts";
import { readTopology } from "../description/read-topology.ts";
import type { Connector, Group, Host, PortName, Product, Topology } from "../description/topology.ts";

/** How the groups are connected. */
export type NetworkShape = "ring" | "star" | "line" | "mesh";

/** What to generate. */
export interface GenerateTopologyOptions {
  /**
   * Number of host pairs, each with two hosts and two groups, so 4 makes eight groups over eight hosts; 1 to 500, for a
   * mesh 1 to 70.
   */
  readonly hostPairs: number;
  /** `star` has group A at its centre; `mesh` connects every two groups. */
  readonly shape: NetworkShape;
  /** `classic` when left out. */
  readonly product?: Product | undefined;
}

const MAX_PAIRS = 500;
/** A mesh of 71 pairs has more than the 10,000 connectors that a description may have. */
const MAX_MESH_PAIRS = 70;
const FIRST_PORTS = { openwire: 61_616, core: 61_616, stomp: 61_613, amqp: 5_672 } as const;
/** The ports of the second group on a host are higher by this number. */
const PORT_STEP = 100;

/**
 * Returns groups A, B, … pair by pair: brokerA1 on h1, brokerA2 on h2, brokerB1 on h2, brokerB2 on h1. `check` finds
 * nothing in it. Throws INVALID_ARGUMENT for a number of pairs out of range.
 */
export function generateTopology({ hostPairs, shape, product = "classic" }: GenerateTopologyOptions): Topology {
  const most = shape === "mesh" ? MAX_MESH_PAIRS : MAX_PAIRS;
  if (!Number.isInteger(hostPairs) || hostPairs < 1 || hostPairs > most)
    throw new InvalidArgumentError(`hostPairs is a whole number from 1 to ${most}; found ${String(hostPairs)}`);
  const hosts: Record<string, Host> = {};
  const groups: Record<string, Group> = {};
  for (let pair = 0; pair < hostPairs; pair += 1) {
    const [left, right] = [2 * pair + 1, 2 * pair + 2];
    hosts[`h${left}`] = { address: addressOf(left), zone: "a" };
    hosts[`h${right}`] = { address: addressOf(right), zone: "b" };
    const [first, second] = [groupName(2 * pair), groupName(2 * pair + 1)];
    groups[first] = groupOf(first, `h${left}`, `h${right}`, 0, product);
    groups[second] = groupOf(second, `h${right}`, `h${left}`, PORT_STEP, product);
  }
  return readTopology({ product, hosts, groups, connectors: connect(Object.keys(groups), shape) });
}

function addressOf(host: number): string {
  return `10.0.${Math.floor(host / 250)}.${(host % 250) + (host >= 250 ? 1 : 0)}`;
}

/** A to Z, then AA to AZ, and so on, like the columns of a spreadsheet. */
function groupName(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : groupName(Math.floor(index / 26) - 1) + letter;
}

function groupOf(name: string, first: string, second: string, step: number, product: Product): Group {
  const brokers: PortName = product === "artemis" ? "core" : "openwire";
  const ports = Object.fromEntries(
    ([brokers, "stomp", "amqp"] as const).map((protocol) => [protocol, FIRST_PORTS[protocol as "stomp"] + step]),
  );
  return {
    members: [
      { name: `broker${name}1`, host: first, ports },
      { name: `broker${name}2`, host: second, ports },
    ],
  };
}

function connect(groups: readonly string[], shape: NetworkShape): Connector[] {
  const links = linksOf(groups, shape);
  const networkTTL = longestWay(groups.length, shape);
  return links.map(([from, to]) => ({ from, to, duplex: true, networkTTL }));
}

function linksOf(groups: readonly string[], shape: NetworkShape): (readonly [from: string, to: string])[] {
  const [first = ""] = groups;
  const line = groups.slice(1).map((to, index) => [groups[index] ?? first, to] as const);
  switch (shape) {
    case "line":
      return line;
    case "ring":
      // Two groups in a ring are connected once.
      return groups.length < 3 ? line : [...line, [groups.at(-1) ?? first, first]];
    case "star":
      return groups.slice(1).map((to) => [first, to] as const);
    case "mesh":
      return groups.flatMap((from, index) => groups.slice(index + 1).map((to) => [from, to] as const));
  }
}

/** The number of connectors between the two groups that are farthest apart. */
function longestWay(groups: number, shape: NetworkShape): number {
  if (groups <= 2 || shape === "mesh") return 1;
  if (shape === "star") return 2;
  return shape === "line" ? groups - 1 : Math.floor(groups / 2);
}
