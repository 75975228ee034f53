/**
 * A destination as users write it: `queue://NAME`, `topic://NAME`, `/queue/NAME`, `/topic/NAME`, or a bare queue name.
 * Temporary reply-to addresses of other clients are `temp-queue://NAME` and `temp-topic://NAME`.
 */
import { InvalidArgumentError } from "../../errors/errors.ts";

/** A queue or a topic. */
export interface Destination {
  /** `temp-queue` is a queue that a broker created for the replies of one session. */
  readonly kind: "queue" | "topic" | "temp-queue" | "temp-topic";
  /**
   * The name; for a temporary destination the broker's own. Classic takes a name with commas for several destinations,
   * see membersOf.
   */
  readonly name: string;
  /**
   * Set if only the address is known: the sender of a request did not say whether its reply-to is a queue or a topic.
   * Artemis then uses whatever exists at the address; for any other broker it is a queue.
   */
  readonly bare?: true | undefined;
}

/** UTF-8 has no half of a surrogate pair: U+FFFD would be sent in its place. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

const PREFIXES: readonly (readonly [string, Destination["kind"]])[] = [
  ["queue://", "queue"],
  ["topic://", "topic"],
  ["temp-queue://", "temp-queue"],
  ["temp-topic://", "temp-topic"],
  ["/queue/", "queue"],
  ["/topic/", "topic"],
];

/** Whether the text is only a name, which then means a queue. */
export function isBareName(text: string): boolean {
  return !PREFIXES.some(([spelling]) => text.startsWith(spelling));
}

/**
 * @throws InvalidArgumentError for an empty name, another scheme, a control character, or a blank before or after the
 * name.
 */
export function parseDestination(text: string): Destination {
  if (typeof text !== "string")
    throw new InvalidArgumentError(`A destination is a string such as "queue://orders", not ${typeof text}`);
  const prefix = PREFIXES.find(([spelling]) => text.startsWith(spelling));
  const name = prefix ? text.slice(prefix[0].length) : text;
  if (name.trim() === "")
    throw new InvalidArgumentError(`The destination "${text}" has no name: write queue://NAME or topic://NAME`);
  // A leading blank hides the prefix: " topic://prices" would be a queue of that name.
  if (text !== text.trimStart()) throw blankAround(text);
  // "topic:prices" would be a queue of that name; to mean that queue, write queue://topic:prices.
  if (!prefix && /^([a-z][a-z+-]*:\/\/|(temp-)?(queue|topic):)/i.test(text)) {
    throw new InvalidArgumentError(`Unknown kind of destination in "${text}": write queue://NAME or topic://NAME`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character in a name ends the session on both brokers.
  if (/[\u0000-\u001f\u007f]/.test(name))
    throw new InvalidArgumentError(`The destination ${JSON.stringify(text)} has a control character`);
  if (LONE_SURROGATE.test(name))
    throw new InvalidArgumentError(
      `The destination ${JSON.stringify(text)} has half of a surrogate pair, which would be sent as another name`,
    );
  if (name !== name.trim() || text !== text.trim()) throw blankAround(text);
  return { kind: prefix?.[1] ?? "queue", name };
}

/** Brokers take a blank as part of the name, so "orders " would be another queue, which nobody reads. */
function blankAround(text: string): InvalidArgumentError {
  const shown = JSON.stringify(text.slice(0, 200));
  const mended = text.trim().replace(/^(\S{1,10}:\/\/|\/(?:queue|topic)\/)\s+/, "$1");
  return new InvalidArgumentError(
    `The destination ${shown} has a blank before or after its name, which brokers take for a part of the name: write ${JSON.stringify(mended.slice(0, 200))}`,
  );
}

/** Returns `queue://NAME` or `topic://NAME`; only the name for a bare address. */
export function formatDestination({ kind, name, bare }: Destination): string {
  return bare ? name : `${kind}://${name}`;
}

/**
 * Returns the destinations that `queue://A,topic://B` or `queue://A,B` lists; most destinations list only themselves.
 * @throws as parseDestination.
 */
export function membersOf(destination: Destination): readonly Destination[] {
  if (!destination.name.includes(",")) return [destination];
  return destination.name.split(",").map((part, index) => {
    const text = part.trim();
    const hasKind = index > 0 && !isBareName(text);
    return parseDestination(hasKind ? text : `${destination.kind}://${text}`);
  });
}
