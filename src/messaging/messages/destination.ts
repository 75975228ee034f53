/**
 * A destination as users write it: `queue://NAME`, `topic://NAME`, `/queue/NAME`, `/topic/NAME`, or a bare queue name.
 * `temp-queue://NAME` and `temp-topic://NAME` are what reply-to addresses of other clients are read as.
 */
import { InvalidArgumentError } from "../../errors/errors.ts";

/** A queue or a topic. */
export interface Destination {
  /** `temp-queue` is one that a broker made for the replies of one session. */
  readonly kind: "queue" | "topic" | "temp-queue" | "temp-topic";
  /** Of a temporary one: as the broker names it. Classic takes a name with commas for several destinations, see membersOf. */
  readonly name: string;
  /**
   * The address alone is known: the sender of a request did not say whether its reply-to is a queue or a topic. Artemis then
   * goes by what there is at the address; to any other broker it is a queue.
   */
  readonly bare?: true | undefined;
}

const PREFIXES: readonly (readonly [string, Destination["kind"]])[] = [
  ["queue://", "queue"],
  ["topic://", "topic"],
  ["temp-queue://", "temp-queue"],
  ["temp-topic://", "temp-topic"],
  ["/queue/", "queue"],
  ["/topic/", "topic"],
];

/** Whether the text is a name alone, which is taken for that of a queue. */
export function isBareName(text: string): boolean {
  return !PREFIXES.some(([spelling]) => text.startsWith(spelling));
}

/** @throws InvalidArgumentError for an empty name, another scheme, a control character, or a blank before or after the name. */
export function parseDestination(text: string): Destination {
  if (typeof text !== "string")
    throw new InvalidArgumentError(`A destination is a string such as "queue://orders", not ${typeof text}`);
  const prefix = PREFIXES.find(([spelling]) => text.startsWith(spelling));
  const name = prefix ? text.slice(prefix[0].length) : text;
  if (name.trim() === "")
    throw new InvalidArgumentError(`The destination "${text}" has no name: write queue://NAME or topic://NAME`);
  // A blank hides the prefix: " topic://prices" would be a queue of that name.
  if (text !== text.trimStart()) throw blankAround(text);
  // "topic:prices" would be a queue of that name; who wants one writes queue://topic:prices.
  if (!prefix && /^([a-z][a-z+-]*:\/\/|(temp-)?(queue|topic):)/i.test(text)) {
    throw new InvalidArgumentError(`Unknown kind of destination in "${text}": write queue://NAME or topic://NAME`);
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character in a name ends the session on both brokers.
  if (/[\u0000-\u001f\u007f]/.test(name))
    throw new InvalidArgumentError(`The destination ${JSON.stringify(text)} has a control character`);
  if (name !== name.trim() || text !== text.trim()) throw blankAround(text);
  return { kind: prefix?.[1] ?? "queue", name };
}

/** Brokers take a blank for a part of the name, so "orders " would be another queue, which nobody reads. */
function blankAround(text: string): InvalidArgumentError {
  const shown = JSON.stringify(text.slice(0, 200));
  const mended = text.trim().replace(/^(\S{1,10}:\/\/|\/(?:queue|topic)\/)\s+/, "$1");
  return new InvalidArgumentError(
    `The destination ${shown} has a blank before or after its name, which brokers take for a part of the name: write ${JSON.stringify(mended.slice(0, 200))}`,
  );
}

/** `queue://NAME` or `topic://NAME`; the name alone of a bare address. */
export function formatDestination({ kind, name, bare }: Destination): string {
  return bare ? name : `${kind}://${name}`;
}

/** `queue://A,topic://B` or `queue://A,B` as the destinations it lists; most are their own only member. @throws as parseDestination. */
export function membersOf(destination: Destination): readonly Destination[] {
  if (!destination.name.includes(",")) return [destination];
  return destination.name.split(",").map((part, index) => {
    const text = part.trim();
    const spelled = index > 0 && PREFIXES.some(([prefix]) => text.startsWith(prefix));
    return parseDestination(spelled ? text : `${destination.kind}://${text}`);
  });
}
