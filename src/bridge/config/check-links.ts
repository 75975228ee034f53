/** Checks the links of a bridge beyond their shape: groups, destinations, renames and combinations. */
import type { ConfigDocument, FindingDetails } from "../../config/config-document.ts";
import type { Finding } from "../../config/finding.ts";
import { nearestName } from "../../errors/nearest-name.ts";
import { parseDestination } from "../../messaging/messages/destination.ts";
import { isNeverForwarded, namesNeverForwarded } from "../routing/never-forwarded.ts";
import { type DestinationPattern, parsePattern, patternsOverlap } from "../routing/pattern.ts";
import { invertRename, parseRename, type Rename } from "../routing/rename.ts";
import type { BridgeConfig, BridgeLink, RenameRule } from "./bridge-config.ts";
import { checkDemand, checkExclusive } from "./check-demand.ts";
import type { GroupUris } from "./check-groups.ts";
import { ownGroup } from "./own-group.ts";
import type { ReadLink } from "./read-link.ts";

type Path = FindingDetails["path"];

/** Appends the findings. */
export function checkLinks(config: BridgeConfig, uris: GroupUris, document: ConfigDocument, findings: Finding[]): void {
  const add = (details: FindingDetails) => findings.push(document.finding(details));
  const read = Object.entries(config.links).map(([name, link]) => checkLink(name, link, config, add));
  for (const each of read) for (const details of ownGroup(each, uris)) add(details);
  overlaps(read).forEach(add);
}

function checkLink(
  name: string,
  link: BridgeLink,
  config: BridgeConfig,
  add: (details: FindingDetails) => void,
): ReadLink {
  const path = ["links", name];
  for (const end of ["from", "to"] as const) {
    const group = link[end];
    if (Object.hasOwn(config.groups, group)) continue;
    const nearest = nearestName(group, Object.keys(config.groups));
    const advice = nearest === undefined ? "Add the group under groups" : `Did you mean ${nearest}?`;
    add({ code: "UNKNOWN_GROUP", path: [...path, end], message: `there is no group ${group}`, advice });
  }
  if (link.include === undefined && link.static === undefined) {
    const message = `the link ${name} forwards nothing: it has neither include nor static`;
    add({ code: "NOTHING_INCLUDED", path, at: "key", message, advice: 'Add include: ["queue://orders.>"]' });
  }
  const include = readPatterns(link.include, [...path, "include"], add);
  const fixed = readPatterns(link.static, [...path, "static"], add);
  const excluded = readPatterns(link.exclude, [...path, "exclude"], add);
  checkStatic(fixed, add);
  neverForwarded([...include, ...fixed], add);
  givenBack(include, excluded, add);
  const renames = readRenames(link, path, add);
  const sources = [...include, ...fixed].map(({ pattern }) => pattern);
  for (const details of combinations(link, sources, path)) add(details);
  for (const details of checkDemand(link, path)) add(details);
  for (const details of checkExclusive(link, sources, path)) add(details);
  return { name, link, sources, renames };
}

interface PlacedPattern {
  readonly pattern: DestinationPattern;
  readonly path: Path;
}

function readPatterns(
  texts: readonly string[] | undefined,
  path: Path,
  add: (details: FindingDetails) => void,
): PlacedPattern[] {
  const seen = new Set<string>();
  return (texts ?? []).flatMap((text, index) => {
    const here = [...path, index];
    try {
      const pattern = parsePattern(text);
      const key = `${pattern.kind}://${pattern.name}`;
      if (seen.has(key))
        add({
          code: "TWICE",
          severity: "warning",
          path: here,
          message: `${key} is listed twice`,
          advice: "Remove one",
        });
      seen.add(key);
      return [{ pattern, path: here }];
    } catch (reason) {
      add({
        code: "DESTINATION",
        path: here,
        message: (reason as Error).message,
        advice: "Write queue://NAME or topic://NAME",
      });
      return [];
    }
  });
}

function checkStatic(fixed: readonly PlacedPattern[], add: (details: FindingDetails) => void): void {
  for (const { pattern, path } of fixed) {
    if (!pattern.hasWildcard) continue;
    const message = `${pattern.kind}://${pattern.name} has a wildcard: static destinations are plain names`;
    add({ code: "STATIC_WILDCARD", path, message, advice: "Move it to include, or name each destination" });
  }
}

function neverForwarded(patterns: readonly PlacedPattern[], add: (details: FindingDetails) => void): void {
  for (const { pattern, path } of patterns) {
    if (!namesNeverForwarded(pattern)) continue;
    const message = `${pattern.kind}://${pattern.name} is on the list of what wildcards never forward; named like this it is forwarded`;
    const advice = "Make sure that no other bridge and no broker does the same with it";
    add({ code: "NAMED_EXACTLY", severity: "info", path, message, advice });
  }
}

/** A wildcard consumer also gets excluded messages below it, and has to give them back again and again. */
function givenBack(
  include: readonly PlacedPattern[],
  excluded: readonly PlacedPattern[],
  add: (details: FindingDetails) => void,
): void {
  for (const { pattern, path } of include) {
    const { kind, hasWildcard, words } = pattern;
    const below = excluded.some((each) => patternsOverlap(each.pattern, pattern));
    if (kind !== "queue" || !hasWildcard || !(below || words[0] === ">" || words[0] === "*")) continue;
    const message = `queue://${pattern.name} covers queues that are not forwarded: the source hands their messages to the link, which gives them back every second`;
    const advice = "Include plain names, or patterns that cover no other queue, where such queues hold messages";
    add({ code: "GIVEN_BACK", severity: "info", path, message, advice });
  }
}

function readRenames(
  { rename = [], duplex, demand }: BridgeLink,
  path: Path,
  add: (details: FindingDetails) => void,
): Rename[] {
  return rename.flatMap((rule, index) => {
    const here = [...path, "rename", index];
    try {
      const read = parseRename(rule);
      if ((duplex || demand) && !invertRename(read)) add(notInvertible(rule, here, duplex === true));
      return [read];
    } catch (reason) {
      add({
        code: "RENAME",
        path: here,
        message: (reason as Error).message,
        advice: 'Write { from: "queue://a.*", to: "queue://b.$1" }',
      });
      return [];
    }
  });
}

/** The way back has to find the name before, and so has whoever asks what a consumer's queue is fed from. */
function notInvertible({ from, to }: RenameRule, path: Path, duplex: boolean): FindingDetails {
  const message = `${from} -> ${to} cannot be undone on the way back: each wildcard must be one word of to, once`;
  const advice = duplex
    ? "Write two links, one for each direction, in place of duplex"
    : "Rename without losing a word, or remove demand";
  return { code: duplex ? "DUPLEX_RENAME" : "DEMAND_RENAME", path, message, advice };
}

/** Keys that cannot be combined. */
function combinations(link: BridgeLink, sources: readonly DestinationPattern[], path: Path): FindingDetails[] {
  const { until = "forever", duplex, durable, concurrency = 1, deadLetter, maxInFlight = 1000 } = link;
  const found: FindingDetails[] = [];
  const add = (code: string, key: string, message: string, advice: string) =>
    found.push({ code, path: [...path, key], message, advice });
  const hasTopic = sources.some(({ kind }) => kind === "topic");
  if (until !== "forever" && duplex)
    add("UNTIL_DUPLEX", "until", "a link that ends moves messages one way", "Remove duplex, or until");
  if (until === "empty" && hasTopic)
    add("UNTIL_TOPIC", "until", "a topic is never empty", "Write { messages: N } or { durationMs: N }");
  if (durable && !hasTopic)
    add(
      "DURABLE_QUEUE",
      "durable",
      "durable is about topics, and the link has none",
      "Remove durable: queues keep their messages",
    );
  if (concurrency > 1 && hasTopic)
    add(
      "TOPIC_CONCURRENCY",
      "concurrency",
      "each consumer of a topic gets every message: they would be forwarded several times",
      "Give the topics a link of their own",
    );
  if (concurrency > maxInFlight)
    add(
      "CONCURRENCY",
      "concurrency",
      `concurrency ${concurrency} is more than maxInFlight ${maxInFlight}`,
      "Raise maxInFlight",
    );
  if (deadLetter !== undefined) {
    const problem = deadLetterProblem(deadLetter, sources);
    if (problem !== undefined)
      add("DEAD_LETTER", "deadLetter", problem, "Write the name of a queue that the link does not forward");
  }
  return found;
}

function deadLetterProblem(text: string, sources: readonly DestinationPattern[]): string | undefined {
  try {
    const { kind, name } = parseDestination(text);
    if (kind !== "queue" || /[*>,]/.test(name)) return `${text} is no plain queue`;
    const covers = sources.some((source) =>
      patternsOverlap(source, { kind, name, words: name.split("."), hasWildcard: false }),
    );
    return covers && !isNeverForwarded({ name })
      ? `the link forwards ${text} itself: a dead letter would come round for ever`
      : undefined;
  } catch (reason) {
    return (reason as Error).message;
  }
}

/** Links that take the same messages of one group: each message goes through one of them, which one is undefined. */
function overlaps(links: readonly ReadLink[]): FindingDetails[] {
  return links.flatMap((one, index) =>
    links.slice(index + 1).flatMap((other) => {
      const same = directions(one).find((a) => directions(other).some((b) => a === b));
      const shared = one.sources.find((source) => other.sources.some((second) => patternsOverlap(source, second)));
      if (same === undefined || !shared) return [];
      const both = one.link.duplex && other.link.duplex;
      const code = both ? "DUPLEX_BOTH_ENDS" : shared.kind === "topic" ? "TOPIC_TWICE" : "LINKS_OVERLAP";
      const message = `the links ${one.name} and ${other.name} both take ${shared.kind}://${shared.name} from one group to the same group (${same})`;
      const advice = both ? "Write duplex in one of the two" : "Exclude it in one of the two";
      return [{ code, severity: "warning" as const, path: ["links", other.name], at: "key" as const, message, advice }];
    }),
  );
}

function directions({ link: { from, to, duplex } }: ReadLink): string[] {
  return duplex ? [`${from} -> ${to}`, `${to} -> ${from}`] : [`${from} -> ${to}`];
}
