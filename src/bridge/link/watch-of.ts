/**
 * Creates the watch of one direction, which shares the direction's connections and its limits on messages in flight.
 */
import type { BridgeGroup, BridgeLink } from "../config/bridge-config.ts";
import type { InFlightBudget } from "../forwarding/budget.ts";
import type { Gate } from "../forwarding/gate.ts";
import type { GroupNames } from "../watch/group-names.ts";
import { LinkWatch } from "../watch/link-watch.ts";
import type { BridgeWarning, WatchedGroup } from "../watch/watched-group.ts";
import { type OpenGroup, openGroup } from "./open-group.ts";
import { pathRuleOf } from "./source-options.ts";

export interface WatchOfDeps {
  readonly link: string;
  readonly settings: BridgeLink;
  readonly source: OpenGroup;
  readonly sourceSettings: BridgeGroup;
  readonly target: OpenGroup;
  readonly names: GroupNames;
  readonly budget: InFlightBudget;
  readonly gate: Gate;
  readonly onWarning: (warning: BridgeWarning) => void;
  readonly onChange: () => void;
  /** The queues of the source, by their plain names. */
  readonly queues: () => readonly string[];
  /** The `performance.now()` of the last delivery, or of the start. */
  readonly lastTakenAt: () => number;
  readonly unacknowledged: () => number;
}

const CANARY_MS = 5_000;

export function watchOf(deps: WatchOfDeps): LinkWatch {
  const { link, settings, source, target, names, budget, gate, onWarning, onChange, sourceSettings } = deps;
  const { until = "forever", canary, concurrency = 1 } = settings;
  const { browseUri } = sourceSettings;
  return new LinkWatch({
    link,
    source,
    target,
    canaryMs: until !== "forever" || canary === false ? undefined : (canary?.intervalMs ?? CANARY_MS),
    names,
    budget,
    gate,
    warn: (warning) => onWarning({ link, ...warning }),
    queues: {
      group: source,
      browser: browseUri === undefined ? undefined : () => browserOf(source, { ...sourceSettings, uri: browseUri }),
      path: pathRuleOf({ source, target, settings }),
      ownConsumers: concurrency,
      queues: deps.queues,
      idleMs: () => {
        const idle = gate.isOpen && deps.unacknowledged() === 0 && source.connection.endpoint !== undefined;
        return idle ? performance.now() - deps.lastTakenAt() : 0;
      },
      onChange,
    },
  });
}

/** Returns an idle connection to the group's STOMP endpoints. */
function browserOf({ name }: OpenGroup, settings: BridgeGroup): WatchedGroup {
  return openGroup(name, settings, { maxInFlight: 1, maxInFlightBytes: 1 });
}
