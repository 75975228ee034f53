/** Why a link cannot forward on demand between these groups, or what counts as demand there that should not. */
import type { FindingDetails } from "../../config/config-document.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { BridgeConfig, BridgeLink } from "../config/bridge-config.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { type DestinationPattern, patternsOverlap } from "../routing/pattern.ts";
import { type Route, reverseRouteOf, routeOf } from "../routing/route.ts";

export interface DemandProblemDeps {
  /** The connection has been connected once, so that the broker's product is known. */
  readonly target: { readonly name: string; readonly protocol: Protocol; readonly connection: Connection };
  readonly route: Route;
  /** The result of takenBack(). */
  readonly takenBack: string | undefined;
}

/** Returns the findings. One of severity `error` keeps the link from starting. */
export function demandProblems(name: string, link: BridgeLink, deps: DemandProblemDeps): FindingDetails[] {
  const { target, route, takenBack } = deps;
  if (!link.demand || target.connection.broker?.product !== "activemq") return [];
  const path = ["links", name, "demand"];
  const found: FindingDetails[] = [];
  const isOnDemand = (pattern: DestinationPattern) => !route.fixed.some(({ name: fixed }) => fixed === pattern.name);
  const topic = route.sources.find((pattern) => pattern.kind === "topic" && isOnDemand(pattern));
  if (topic && link.durableDemand !== "ignore")
    found.push({
      code: "DURABLE_DEMAND",
      path,
      message: `${name}: ${target.name} is Classic, which does not tell of durable subscriptions whose subscriber is away: they would miss what is published on topic://${topic.name} meanwhile`,
      advice: "Write durableDemand: ignore, or make the topics static",
    });
  if (target.protocol === "stomp") return found;
  const counted = `${name}: over AMQP ${target.name} (Classic) tells how many consumers there are, and not whose: browsers and other bridges count as demand`;
  const advice = `Give the group ${target.name} its STOMP ports, where the broker has xstream and jettison`;
  if (takenBack !== undefined)
    found.push({
      code: "DEMAND_BOTH_WAYS",
      path,
      message: `${counted}, and the link ${takenBack} takes back what this one sends`,
      advice,
    });
  else found.push({ code: "DEMAND_COUNTS_ALL", severity: "warning", path, message: counted, advice });
  return found;
}

export interface DirectionOf {
  readonly link: string;
  readonly from: string;
  readonly to: string;
  readonly route: Route;
  /** The destinations that the direction sends to, under their names at the target. */
  readonly sentTo: readonly DestinationPattern[];
}

/** Returns both directions of a duplex link, and the one direction of any other. */
export function directionsOf(link: string, settings: BridgeLink): readonly [DirectionOf, DirectionOf?] {
  const { from, to, duplex, as } = settings;
  const there = routeOf(settings);
  const back = reverseRouteOf(settings);
  const sentTo = as === undefined ? back.sources : back.sources.map((pattern) => ({ ...pattern, kind: as }));
  const forward = { link, from, to, route: there, sentTo };
  return duplex ? [forward, { link, from: to, to: from, route: back, sentTo: there.sources }] : [forward];
}

/**
 * Returns the name of a link with a direction from `to` to `from` that takes what this direction sends there: each
 * would see the consumers of the other as demand.
 */
export function takenBack({ links }: BridgeConfig, { from, to, sentTo }: DirectionOf): string | undefined {
  const all = Object.entries(links)
    .flatMap(([name, link]) => directionsOf(name, link))
    .filter((each) => each !== undefined);
  return all.find(
    (other) =>
      other.from === to &&
      other.to === from &&
      other.route.sources.some((taken) => sentTo.some((sent) => patternsOverlap(taken, sent))),
  )?.link;
}
