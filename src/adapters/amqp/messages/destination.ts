/** How the broker found spells a queue or a topic: Classic goes by a prefix of the address, Artemis by the terminus capability. */
import { type Destination, formatDestination, membersOf } from "../../../messaging/messages/destination.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import type { OpenProperties } from "../rhea/open-properties.ts";

type Kind = Destination["kind"];

/** Classic ignores capabilities and takes an address without a prefix for a queue; Artemis takes a prefix for part of the name. */
export type Spelling = (
  | { readonly by: "prefix"; readonly queue: string; readonly topic: string }
  | { readonly by: "capability" }
) & {
  /**
   * Whether our id may be the message-id too. Classic 6.1.8 keeps it in a form of which no STOMP consumer can acknowledge
   * the message: it closes the connection on the ACK and hands the message out again, without end (measured).
   */
  readonly messageIds: boolean;
};

/** Whether bytes that name destinations in one spelling can be sent to a broker of the other. */
export function sameSpelling(a: Spelling, b: Spelling): boolean {
  if (a.messageIds !== b.messageIds) return false;
  if (a.by === "capability" || b.by === "capability") return a.by === b.by;
  return a.queue === b.queue && a.topic === b.topic;
}

/** What of a source or target names the destination. */
export interface Terminus {
  readonly address: string;
  readonly capabilities?: readonly string[];
}

const URI_PREFIXES = { by: "prefix", queue: "queue://", topic: "topic://" } as const;
const CAPABILITIES: Spelling = { by: "capability", messageIds: true };

/** Products known to read `queue://NAME` and `topic://NAME`, whether they say so in their open frame or not. */
const PREFIX_PRODUCTS: ReadonlySet<string> = new Set(["activemq", "masterslave-embedded"]);

/** Whether an address can list several destinations, by commas. */
export function readsLists({ product }: Broker): boolean {
  return PREFIX_PRODUCTS.has(product);
}

export function spellingOf(broker: Broker, properties: OpenProperties): Spelling {
  const queue = properties["queue-prefix"];
  const topic = properties["topic-prefix"];
  const messageIds = broker.product !== "activemq";
  if (broker.product === "artemis") return CAPABILITIES;
  if (typeof queue === "string" && typeof topic === "string") return { by: "prefix", queue, topic, messageIds };
  return PREFIX_PRODUCTS.has(broker.product) ? { ...URI_PREFIXES, messageIds } : CAPABILITIES;
}

/** What Artemis calls temporary destinations, in capabilities. */
const CAPABILITY_OF: Readonly<Record<Kind, string>> = {
  queue: "queue",
  topic: "topic",
  "temp-queue": "temporary-queue",
  "temp-topic": "temporary-topic",
};

/**
 * Whether the broker is told if it is a queue or a topic. Artemis goes by what there is where it is not told: at a bare
 * address, and for a queue that is named by its address too, `ADDRESS::QUEUE`. With the kind of a queue Artemis 2.55.0 confirms
 * what is sent to a queue of a multicast address, and stores it nowhere (measured).
 */
export function saysKind({ by }: Spelling, { name, bare }: Destination): boolean {
  return by === "prefix" || (!bare && !name.includes("::"));
}

export function spell(spelling: Spelling, destination: Destination): Terminus {
  const { kind, name } = destination;
  if (spelling.by === "capability")
    return { address: name, ...(saysKind(spelling, destination) && { capabilities: [CAPABILITY_OF[kind]] }) };
  // Classic takes a list for several destinations.
  const members = membersOf({ kind, name });
  return { address: members.map((member) => prefixOf(spelling, member.kind) + member.name).join() };
}

/** Classic names its temporary destinations with a prefix too, and says nothing of it in its open frame. */
function prefixOf(spelling: Spelling, kind: Kind): string {
  return spelling.by === "prefix" && (kind === "queue" || kind === "topic") ? spelling[kind] : `${kind}://`;
}

const KINDS: readonly Kind[] = ["queue", "topic", "temp-queue", "temp-topic"];

/** The destination that an address as the broker spells it means; a bare name is of `bareKind`. */
export function destinationOf(spelling: Spelling, address: string, bareKind: Kind): Destination {
  for (const kind of KINDS) {
    const prefix = prefixOf(spelling, kind);
    if (prefix !== "" && address.startsWith(prefix) && address.length > prefix.length) {
      return { kind, name: address.slice(prefix.length) };
    }
  }
  return { kind: bareKind, name: address };
}

/** As text; a bare name stays as it is where its kind is not known: one of a client that does not say. */
export function readAddress(spelling: Spelling, address: string, bareKind: Kind | undefined): string {
  const { kind, name } = destinationOf(spelling, address, bareKind ?? "queue");
  return bareKind === undefined && name === address ? address : formatDestination({ kind, name });
}
