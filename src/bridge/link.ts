/** A link of the configuration: one direction, or both of a duplex link. */
import type { BridgeConfig } from "./config/bridge-config.ts";
import { type DirectionOf, directionsOf, takenBack } from "./demand/demand-problems.ts";
import { addCounts, type LinkCounts } from "./forwarding/counts.ts";
import type { TopicTwins } from "./forwarding/topic-twins.ts";
import { Direction, type DirectionSettings } from "./link/direction.ts";
import type { LinkState, LinkStateName } from "./link/link-state.ts";
import { type CanaryStatus, worseCanary } from "./watch/canary-figures.ts";
import type { GroupNames } from "./watch/group-names.ts";
import { joinTraces, type TraceResult } from "./watch/message-trace.ts";
import type { BridgeWarning } from "./watch/watched-group.ts";

/** The status of a link. */
export interface LinkStatus extends Readonly<LinkCounts> {
  /** Reflects whether messages move, not whether the connections are open. */
  readonly state: LinkStateName;
  /** Why it is not running, in words. */
  readonly reason: string | undefined;
  /** What blocks the link, such as `TARGET_ABSENT` or `TARGET_UNAUTHORIZED`; undefined unless it is blocked. */
  readonly blockedBy: string | undefined;
  /** Number of messages taken from the source and not confirmed by the target yet. */
  readonly pending: number;
  /** Number of messages taken from the source and not settled there yet, including the pending ones. */
  readonly unacknowledged: number;
  /** `Date.now()` of the last settlement; undefined before the first. */
  readonly lastProgressAtMs: number | undefined;
  /** The delay that messages have on this link, as its canaries measure it; of a duplex link the slower direction's. */
  readonly canary: CanaryStatus;
  /** Queues of the source in which a message for this link stands behind so many others that the broker does not see it. */
  readonly blockedBySelector: readonly string[];
  /** The source group, and its active endpoint. */
  readonly from: LinkEnd;
  /** The target group, and its active endpoint. */
  readonly to: LinkEnd;
}

/** One side of a link. */
export interface LinkEnd {
  /** The group, by its key in the configuration. */
  readonly group: string;
  /** `amqp://host:5672`; undefined while there is none. */
  readonly endpoint: string | undefined;
}

export interface LinkDeps {
  readonly name: string;
  readonly config: BridgeConfig;
  readonly twins: TopicTwins;
  readonly names: GroupNames;
  readonly onWarning: (warning: BridgeWarning) => void;
  readonly onChange: () => void;
}

export class Link {
  readonly name: string;
  readonly #directions: readonly [Direction, ...Direction[]];

  constructor({ name, config, ...shared }: LinkDeps) {
    this.name = name;
    const settings = config.links[name];
    const from = settings && config.groups[settings.from];
    const to = settings && config.groups[settings.to];
    if (!from || !to) throw new Error(`The link ${name} or one of its groups is not in the configuration`);
    const ends: Record<string, DirectionSettings["from"]> = {
      [settings.from]: { name: settings.from, group: from },
      [settings.to]: { name: settings.to, group: to },
    };
    const make = (direction: DirectionOf, opposite: () => Direction | undefined) =>
      new Direction({
        link: name,
        settings,
        route: direction.route,
        from: ends[direction.from] as DirectionSettings["from"],
        to: ends[direction.to] as DirectionSettings["to"],
        takenBack: settings.demand ? takenBack(config, direction) : undefined,
        opposite,
        ...shared,
      });
    const [there, back] = directionsOf(name, settings);
    const first = make(there, () => this.#directions[1]);
    this.#directions = back ? [first, make(back, () => first)] : [first];
  }

  /** Returns the worse of the states of both directions. */
  get state(): LinkState {
    const states = this.#directions.map(({ state }) => state);
    const worst = ORDER.map((name) => states.find(({ state }) => state === name)).find((state) => state !== undefined);
    return worst ?? { state: "stopped", reason: undefined, blockedBy: undefined };
  }

  status(): LinkStatus {
    const [{ source, target }] = this.#directions;
    const figures = this.#directions.map((direction) => direction.figures);
    const times = figures.flatMap(({ lastProgressAtMs }) => lastProgressAtMs ?? []);
    return {
      ...this.state,
      ...this.#directions.map(({ counts }) => counts).reduce(addCounts),
      pending: figures.reduce((sum, { pending }) => sum + pending, 0),
      unacknowledged: figures.reduce((sum, { unacknowledged }) => sum + unacknowledged, 0),
      canary: figures.map(({ canary }) => canary).reduce(worseCanary),
      blockedBySelector: figures.flatMap(({ blockedBySelector }) => blockedBySelector),
      lastProgressAtMs: times.length === 0 ? undefined : Math.max(...times),
      from: endOf(source),
      to: endOf(target),
    };
  }

  /** What each direction knows of a message. Never rejects. */
  async trace(id: string, signal: AbortSignal): Promise<Omit<TraceResult, "id">> {
    return joinTraces(await Promise.all(this.#directions.map((direction) => direction.trace(id, signal))));
  }

  /** Resolves when every direction has its consumers, or has failed. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#directions.map((direction) => direction.start(signal)));
  }

  /** Resolves when `until` is fulfilled, or the link has failed. Never rejects. */
  async over(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#directions.map((direction) => direction.over(signal)));
  }

  async close(drainTimeoutMs: number): Promise<void> {
    await Promise.all(this.#directions.map((direction) => direction.close(drainTimeoutMs)));
  }
}

/** The states from the worst to the best. */
const ORDER: readonly LinkStateName[] = ["failed", "blocked", "starting", "standby", "running", "stopped"];

function endOf({ name, connection }: Direction["source"]): LinkEnd {
  const { endpoint } = connection;
  return { group: name, endpoint: endpoint && `${endpoint.scheme}://${endpoint.host}:${endpoint.port}` };
}
