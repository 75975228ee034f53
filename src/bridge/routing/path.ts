/** The path of a message: the groups that it came through, in a property that selectors can read. */
import { DUPLICATE_ID_PROPERTY } from "../../messaging/messages/outgoing-message.ts";

/** A valid name in selectors, which do not allow `-` or `.`. */
export const PATH_PROPERTY = "MasterslavePath";
/** The identity that the message had in the first group, if it had one. */
export const FIRST_ID_PROPERTY = "MasterslaveFirstId";
/** For dead letters: the destination in the source group, and the reason. */
export const ORIGIN_PROPERTY = "MasterslaveOrigin";
export const REASON_PROPERTY = "MasterslaveReason";

/** Our own properties, which no link copies from a message. */
export const OWN_PROPERTIES: ReadonlySet<string> = new Set([PATH_PROPERTY, FIRST_ID_PROPERTY, DUPLICATE_ID_PROPERTY]);

/** Anybody may send a path: one that is too long, or malformed, counts as full. */
const MAX_PATH_LENGTH = 2048;

/** Returns the groups of a path in order; `"full"` for an invalid value, whose message goes no further. */
export function readPath(value: unknown): readonly string[] | "full" {
  if (value === undefined || value === null) return [];
  if (typeof value !== "string" || value.length > MAX_PATH_LENGTH || !/^\|[^|]+(\|[^|]+)*\|$/.test(value))
    return "full";
  return value.slice(1, -1).split("|");
}

/** `|north|south|` */
export function writePath(groups: readonly string[]): string {
  return `|${groups.join("|")}|`;
}

export interface PathRule {
  /** The group that the link takes from. */
  readonly from: string;
  /** The group that the link sends to. */
  readonly to: string;
  readonly maxHops: number;
  /** Both ends are one group: the path does not matter for a move, and stays unchanged. */
  readonly move?: boolean | undefined;
  /** Whether messages that came to the source straight from the target may go back there. */
  readonly returns?: boolean | undefined;
}

/** Whether a message came to the source straight from the target, and may go back there. */
export function mayReturn(path: readonly string[] | "full", { to, returns }: PathRule): boolean {
  return returns === true && path !== "full" && path.at(-1) === to;
}

/** Returns why a message may not go on, or undefined: its path contains the target, or has the maximum length. */
export function whyNotOn(path: readonly string[] | "full", { to, maxHops, move }: PathRule): string | undefined {
  if (move) return undefined;
  if (path === "full") return "its path is malformed or too long";
  if (path.includes(to)) return `it has been in ${to}`;
  return path.length >= maxHops ? `it came through ${path.length} groups, and maxHops is ${maxHops}` : undefined;
}

/** The same rule as a JMS selector, so that a broker does not deliver messages that may not go on. */
export function pathSelector({ to, maxHops }: PathRule): string {
  const none = `${PATH_PROPERTY} IS NULL`;
  if (maxHops <= 1) return none;
  // A path of n groups has n + 1 bars.
  const full = `${"|%".repeat(maxHops)}|%`;
  return `${none} OR (${PATH_PROPERTY} LIKE '|%|' AND ${PATH_PROPERTY} NOT LIKE '%|${to}|%' AND ${PATH_PROPERTY} NOT LIKE '${full}')`;
}

/** Returns the selector for messages that came straight from the group: its name is the last of their path. */
export function returnSelector({ to }: Pick<PathRule, "to">): string {
  return `${PATH_PROPERTY} LIKE '%|${to}|'`;
}
