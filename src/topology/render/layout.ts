/**
 * The positions of everything in a picture. Hosts stand on a ring, in the order of the description, so that the two
 * hosts of a pair are neighbours; connectors are chords. Boxes depend only on the description, so that pictures of two
 * states can be laid over each other.
 */

import { connectorName, type FollowedConnector, type Network } from "../network/network.ts";
import type { MemberState } from "../simulate/simulate-topology.ts";

export interface Row {
  readonly member: string;
  readonly group: string;
  readonly state: MemberState;
  readonly x: number;
  readonly y: number;
}

export interface Box {
  readonly host: string;
  readonly title: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly rows: readonly Row[];
}

export interface Chord {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly duplex: boolean;
  /** Both groups have an active member. */
  readonly isUp: boolean;
  readonly label: string;
  /** An SVG path. */
  readonly path: string;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly chords: readonly Chord[];
}

export const ROW_HEIGHT = 26;
export const HEADER_HEIGHT = 30;
const PADDING = 8;
const CHARACTER_WIDTH = 7.4;
const MIN_WIDTH = 168;
const MARGIN = 24;
/** Space beside the outermost boxes for a connector between two groups on one host. */
const SIDE_MARGIN = 52;
/** Space between a box and the end of a chord, for the arrow. */
const GAP = 5;

export type States = Readonly<Record<string, MemberState>>;

/** The states by the description alone: the first member of each group is active. */
export function plannedStates({ groups }: Network): States {
  return Object.fromEntries(
    [...groups.values()].flatMap(({ members }) =>
      members.map(({ name }, index) => [name, index === 0 ? "active" : "standby"] as const),
    ),
  );
}

export function layoutOf(network: Network, states: States): Layout {
  const hosts = Object.keys(network.topology.hosts);
  const titles = hosts.map((host) => titleOf(network, host));
  const names = [...network.members.keys()].map((name) => name.length + " standby".length + 4);
  const longest = Math.max(0, ...titles.map(({ length }) => length), ...names);
  const width = Math.max(MIN_WIDTH, Math.round(longest * CHARACTER_WIDTH) + 2 * PADDING);
  const heights = hosts.map(
    (host) => HEADER_HEIGHT + PADDING + ROW_HEIGHT * Math.max(1, membersOn(network, host).length),
  );
  const height = Math.max(HEADER_HEIGHT, ...heights);
  // Neighbours on the ring must not overlap in x or in y: with this factor one of the two is enough at every angle.
  const chord = hosts.length < 3 ? 2 : Math.SQRT2 * Math.sin(Math.PI / hosts.length);
  const radiusX = hosts.length < 2 ? 0 : Math.max(width, (width + 12) / chord);
  const radiusY = hosts.length < 3 ? 0 : Math.max(height, (height + 12) / chord);
  const centre = { x: SIDE_MARGIN + radiusX + width / 2, y: MARGIN + radiusY + height / 2 };
  const boxes = hosts.map((host, index): Box => {
    const angle = Math.PI + (2 * Math.PI * index) / hosts.length;
    const own = heights[index] ?? height;
    const x = Math.round(centre.x + radiusX * Math.cos(angle) - width / 2);
    const y = Math.round(centre.y + radiusY * Math.sin(angle) - own / 2);
    const rows = membersOn(network, host).map(({ member, group }, at): Row => {
      const state = states[member.name] ?? "unknown";
      return { member: member.name, group, state, x: x + PADDING, y: y + HEADER_HEIGHT + at * ROW_HEIGHT };
    });
    return { host, title: titles[index] ?? host, x, y, width, height: own, rows };
  });
  const chords = network.connectors.flatMap((each) => chordsOf(network, each, boxes, states, centre));
  return { width: Math.round(2 * centre.x), height: Math.round(2 * centre.y), boxes, chords };
}

function titleOf({ topology }: Network, host: string): string {
  const { zone, address } = topology.hosts[host] ?? {};
  return [host, zone && `zone ${zone}`, address].filter(Boolean).join(" · ");
}

function membersOn({ members }: Network, host: string) {
  return [...members.values()].filter(({ member }) => member.host === host);
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function chordsOf(
  network: Network,
  by: FollowedConnector,
  boxes: readonly Box[],
  states: States,
  centre: Point,
): Chord[] {
  const name = connectorName(by, network.connectors);
  return by.to.flatMap((to): Chord[] => {
    const start = endOf(network, by.from, boxes, states);
    const end = endOf(network, to, boxes, states);
    if (!start || !end) return [];
    const earlier = network.connectors.filter(
      (each) =>
        each.index < by.index && [each.from, ...each.to].includes(by.from) && [each.from, ...each.to].includes(to),
    );
    const ttl = by.messageTTL === Number.POSITIVE_INFINITY ? "any number of hops" : `TTL ${by.messageTTL}`;
    const duplex = by.connector.duplex ?? false;
    return [
      {
        name,
        from: by.from,
        to,
        duplex,
        isUp: start.isActive && end.isActive,
        label: `${name}: ${by.from} ${duplex ? "and" : "to"} ${to}, ${by.kind}, ${ttl}`,
        path: pathBetween(start.box, end.box, centre, earlier.length),
      },
    ];
  });
}

/** The box at which a group's end of a chord lies: its active member, otherwise its preferred master. */
function endOf({ groups }: Network, group: string, boxes: readonly Box[], states: States) {
  const members = groups.get(group)?.members ?? [];
  const active = members.find(({ name }) => states[name] === "active");
  const host = (active ?? members[0])?.host;
  const box = boxes.find((each) => each.host === host);
  return box && { box, isActive: active !== undefined };
}

/** A curve that bends towards the middle of the ring; the second one between two boxes bends further to one side. */
function pathBetween(start: Box, end: Box, centre: Point, bend: number): string {
  const [a, b] = [middleOf(start), middleOf(end)];
  if (start === end) {
    const [x, y] = [start.x + start.width, start.y + start.height / 2];
    return `M ${x} ${y - 10} C ${x + 40} ${y - 40}, ${x + 40} ${y + 40}, ${x + GAP} ${y + 10}`;
  }
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const side = bend * 40;
  const control = {
    x: (a.x + b.x) / 2 + 0.3 * (centre.x - (a.x + b.x) / 2) - (side * (b.y - a.y)) / length,
    y: (a.y + b.y) / 2 + 0.3 * (centre.y - (a.y + b.y) / 2) + (side * (b.x - a.x)) / length,
  };
  const [from, to] = [borderTowards(start, control), borderTowards(end, control)];
  return `M ${round(from.x)} ${round(from.y)} Q ${round(control.x)} ${round(control.y)} ${round(to.x)} ${round(to.y)}`;
}

function middleOf({ x, y, width, height }: Box): Point {
  return { x: x + width / 2, y: y + height / 2 };
}

/** Where the line from the middle of a box to a point leaves the box, with space for an arrow. */
function borderTowards(box: Box, target: Point): Point {
  const middle = middleOf(box);
  const [dx, dy] = [target.x - middle.x, target.y - middle.y];
  const scale = Math.min(
    (box.width / 2 + GAP) / Math.abs(dx || 1e-9),
    (box.height / 2 + GAP) / Math.abs(dy || 1e-9),
    1,
  );
  return { x: middle.x + dx * scale, y: middle.y + dy * scale };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
