/** What one direction of a link forwards, and where to. */
import { type Destination, formatDestination } from "../../messaging/messages/destination.ts";
import { mayGoBy } from "./never-forwarded.ts";
import { type DestinationPattern, distinctPatterns, formatPattern, matchPattern, parsePattern } from "./pattern.ts";
import { applyRenames, invertRename, parseRename, type Rename } from "./rename.ts";

/** The rules of a link about destinations. */
export interface RouteRules {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly static?: readonly string[] | undefined;
  readonly rename?: readonly { readonly from: string; readonly to: string }[] | undefined;
  readonly as?: "queue" | "topic" | undefined;
}

export interface Route {
  /** The consumed destinations, including static ones, each once. */
  readonly sources: readonly DestinationPattern[];
  /** The static sources, which are forwarded even without a consumer at the target. */
  readonly fixed: readonly DestinationPattern[];
  readonly exclude: readonly DestinationPattern[];
  readonly renames: readonly Rename[];
  readonly as: "queue" | "topic" | undefined;
}

/** The route of a link in its own direction. @throws Error for mistakes that checkBridgeConfig reports. */
export function routeOf(link: RouteRules): Route {
  const sources = [...(link.include ?? []), ...(link.static ?? [])].map(parsePattern);
  return {
    sources: distinctPatterns(sources),
    fixed: (link.static ?? []).map(parsePattern),
    exclude: (link.exclude ?? []).map(parsePattern),
    renames: (link.rename ?? []).map(parseRename),
    as: link.as,
  };
}

/** The route back of a duplex link: the same destinations, and the renamed ones under their original names. */
export function reverseRouteOf(link: RouteRules): Route {
  const { sources, exclude, renames, fixed } = routeOf(link);
  const back = renames.flatMap((rename) => invertRename(rename) ?? []);
  // A destination that is renamed on the way there comes back only under the new name.
  const own = sources.filter((source) => !renames.some(({ from }) => formatPattern(from) === formatPattern(source)));
  return {
    sources: distinctPatterns([...own, ...back.map(({ from }) => from)]),
    fixed: fixed.map((pattern) => parsePattern(formatDestination(applyRenames(renames, pattern)))),
    exclude,
    renames: back,
    as: undefined,
  };
}

/** The destination at the target; undefined if it is excluded or never forwarded. */
export function targetOf({ sources, exclude, renames, as }: Route, source: Destination): Destination | undefined {
  if (exclude.some((pattern) => matchPattern(pattern, source))) return undefined;
  if (!sources.some((pattern) => matchPattern(pattern, source) && mayGoBy(pattern, source))) return undefined;
  const renamed = applyRenames(renames, source);
  return as === undefined ? renamed : { kind: as, name: renamed.name };
}
