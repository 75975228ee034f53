/** Circles of connectors: paths on which a message of some destination comes back to the group where it started. */
import { commonPattern, EVERY_DESTINATION, patternCovers } from "./destinations.ts";
import { type Flow, type FollowedConnector, outgoingFlows } from "./network.ts";

export interface Circle {
  readonly flows: readonly Flow[];
  /** A destination, or a pattern of destinations, that every connector of the circle forwards. */
  readonly destination: string;
}

/** A message under way: its group, its possible destinations, and the connectors that it has crossed. */
interface Step {
  readonly group: string;
  readonly destination: string;
  readonly isMixed: boolean;
  readonly by: Flow;
  readonly earlier: Step | undefined;
}

/** The most steps of the search from one connector; real networks need a few dozen. */
const MAX_STEPS = 20_000;

/**
 * Returns the shortest circle through each connector, each set of connectors once. All connectors of a circle must
 * forward a common destination: the wildcards are intersected all the way round. `mixed`: only circles with several
 * kinds of connectors.
 */
export function circlesOf(flows: readonly Flow[], { mixed = false }: { readonly mixed?: boolean } = {}): Circle[] {
  const found = new Map<string, Circle>();
  const outgoing = outgoingFlows(flows);
  for (const flow of flows)
    for (const destination of forwarded(flow.by)) {
      const circle = wayBack(flow, destination, outgoing, mixed);
      if (!circle) continue;
      const indexes = circle.flows.map(({ by }) => by.index).sort((a, b) => a - b);
      const key = indexes.join();
      if (!found.has(key)) found.set(key, circle);
    }
  return [...found.values()];
}

/** Breadth first, so that the first path that closes the circle is the shortest. */
function wayBack(
  start: Flow,
  destination: string,
  outgoing: ReadonlyMap<string, readonly Flow[]>,
  mixed: boolean,
): Circle | undefined {
  const queue: Step[] = [{ group: start.to, destination, isMixed: false, by: start, earlier: undefined }];
  const seen = new Set<string>();
  for (let at = 0; at < queue.length && at < MAX_STEPS; at += 1) {
    const step = queue[at] as Step;
    for (const flow of outgoing.get(step.group) ?? [])
      for (const common of passed(flow.by, step.destination)) {
        const isMixed = step.isMixed || flow.by.kind !== start.by.kind;
        const next: Step = { group: flow.to, destination: common, isMixed, by: flow, earlier: step };
        const flows = flow.to === start.from && (isMixed || !mixed) ? flowsOf(next) : [];
        if (flows.length > 0 && allPass(flows, common)) return { flows, destination: common };
        const key = `${next.group} ${isMixed} ${common}`;
        if (flow.to === start.from || seen.has(key) || hasBeenAt(step, flow.to)) continue;
        seen.add(key);
        queue.push(next);
      }
  }
  return undefined;
}

/** A connector at the beginning may exclude what remains at the end. */
function allPass(flows: readonly Flow[], destination: string): boolean {
  return flows.every(({ by }) => passed(by, destination).length > 0);
}

function hasBeenAt(last: Step, group: string): boolean {
  for (let step: Step | undefined = last; step; step = step.earlier) if (step.group === group) return true;
  return false;
}

function flowsOf(last: Step): Flow[] {
  const flows: Flow[] = [];
  for (let step: Step | undefined = last; step; step = step.earlier) flows.unshift(step.by);
  return flows;
}

/** The destinations of a pattern that a connector forwards, as patterns. */
function passed(by: FollowedConnector, destination: string): string[] {
  const { exclude = [] } = by.connector;
  return forwarded(by)
    .flatMap((pattern) => commonPattern(pattern, destination) ?? [])
    .filter((common) => !exclude.some((pattern) => patternCovers(pattern, common)));
}

/**
 * A Classic connector without `include` forwards everything, whatever its `static` contains; others forward both lists.
 */
function forwarded({ connector, kind }: FollowedConnector): readonly string[] {
  const { include = [], static: always = [] } = connector;
  if (kind === "network" && include.length === 0) return EVERY_DESTINATION;
  const all = [...include, ...always];
  return all.length === 0 ? EVERY_DESTINATION : all;
}
