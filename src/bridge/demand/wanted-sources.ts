/** Derives what to take from the source group from the destinations that have a consumer in the target group. */
import {
  coversPattern,
  type DestinationPattern,
  intersectPatterns,
  matchPattern,
  patternsOverlap,
} from "../routing/pattern.ts";
import { PatternSet } from "../routing/pattern-set.ts";
import { invertRename, type Rename, renamePattern } from "../routing/rename.ts";
import { type Route, targetOf } from "../routing/route.ts";

export interface WantedDeps {
  readonly route: Route;
  /** Whether the source group can be asked for queues by a wildcard: Artemis cannot. */
  readonly queueWildcards: boolean;
}

/** Whether a consumer of this destination of the target group may be waiting for what a link forwards. */
export function isOfRoute(deps: WantedDeps, demanded: DestinationPattern): boolean {
  return wantedFor(deps, demanded).length > 0;
}

/** Returns the sources to take, static ones first, none of them covered by another; excluded ones are not among them. */
export function wantedSources(deps: WantedDeps, demanded: readonly DestinationPattern[]): DestinationPattern[] {
  const { patterns } = new PatternSet(demanded.flatMap((each) => wantedFor(deps, each)));
  const { sources, fixed } = deps.route;
  return withoutCovered([...fixed, ...widened(patterns, sources)]);
}

function wantedFor({ route, queueWildcards }: WantedDeps, demanded: DestinationPattern): DestinationPattern[] {
  return route.sources.flatMap((include) =>
    candidates(route, demanded).flatMap((candidate) => {
      const source = intersectPatterns(include, candidate);
      if (!source) return [];
      if (source.hasWildcard) {
        const possible = source.kind === "topic" || queueWildcards;
        return possible && !route.exclude.some((pattern) => coversPattern(pattern, source)) ? [source] : [];
      }
      const target = targetOf(route, source);
      return target && matchPattern(demanded, target) ? [source] : [];
    }),
  );
}

/**
 * Returns the sources whose messages may end at the demanded destination, through a rename rule or under their own
 * name.
 */
function candidates({ renames, as }: Route, demanded: DestinationPattern): DestinationPattern[] {
  if (as !== undefined && demanded.kind !== as) return [];
  const kinds = as === undefined ? [demanded.kind] : (["queue", "topic"] as const);
  const own = kinds
    .map((kind) => ({ ...demanded, kind }))
    // Some names that match a wildcard may be renamed away from the demanded destination: then only the rules say what
    // can come to it.
    .filter((plain) => !demanded.hasWildcard || !renames.some(({ from }) => patternsOverlap(from, plain)));
  return [...own, ...renames.flatMap((rename) => undone(rename, demanded))];
}

function undone(rename: Rename, demanded: DestinationPattern): DestinationPattern[] {
  const inverse = invertRename(rename);
  // A link first applies its rename rules and then `as`.
  const source = inverse && renamePattern(inverse, { ...demanded, kind: inverse.from.kind });
  return source ? [source] : [];
}

/**
 * Two overlapping topic consumers would each receive a message that both match, so both are widened to the included
 * pattern. Only wildcards overlap without one covering the other. So many of them are all widened: to compare each with
 * each would take long.
 */
function widened(all: readonly DestinationPattern[], included: readonly DestinationPattern[]): DestinationPattern[] {
  const wildcards = all.filter(({ kind, hasWildcard }) => kind === "topic" && hasWildcard);
  const crosses = (pattern: DestinationPattern) =>
    wildcards.length > MAX_COMPARED ||
    wildcards.some(
      (other) => patternsOverlap(other, pattern) && !coversPattern(other, pattern) && !coversPattern(pattern, other),
    );
  return all.map((pattern) => {
    if (pattern.kind === "queue" || !pattern.hasWildcard || !crosses(pattern)) return pattern;
    return included.find((include) => coversPattern(include, pattern)) ?? pattern;
  });
}

const MAX_COMPARED = 100;

function withoutCovered(patterns: readonly DestinationPattern[]): DestinationPattern[] {
  const set = new PatternSet(patterns);
  return set.patterns.filter((pattern) => !set.coversOther(pattern));
}
