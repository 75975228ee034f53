/**
 * How the connected broker spells a queue or topic: Classic uses a prefix of the address, Artemis the terminus
 * capability.
 */
import { type Destination, formatDestination, membersOf } from "../../../messaging/messages/destination.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import { tellsArtemisKind } from "../../shared/artemis-kind.ts";
import type { OpenProperties } from "../rhea/open-properties.ts";

type Kind = Destination["kind"];

/**
 * Classic ignores capabilities and takes an address without a prefix for a queue; Artemis takes a prefix as part of the
 * name.
 */
export type Spelling = (
  | { readonly by: "prefix"; readonly queue: string; readonly topic: string }
  | { readonly by: "capability" }
) & {
  /**
   * Whether our id may also be the message-id. Classic 6.1.8 stores it in a form that its STOMP consumers cannot
   * acknowledge: it closes the connection at the ACK and delivers the message again, for ever (measured).
   */
  readonly messageIds: boolean;
};

/** Whether bytes with destinations in one spelling can be sent to a broker with the other. */
export function sameSpelling(a: Spelling, b: Spelling): boolean {
  if (a.messageIds !== b.messageIds) return false;
  if (a.by === "capability" || b.by === "capability") return a.by === b.by;
  return a.queue === b.queue && a.topic === b.topic;
}

/** The parts of a source or target that name the destination. */
export interface Terminus {
  readonly address: string;
  readonly capabilities?: readonly string[];
}

const URI_PREFIXES = { by: "prefix", queue: "queue://", topic: "topic://" } as const;
const CAPABILITIES: Spelling = { by: "capability", messageIds: true };

/** Products known to read `queue://NAME` and `topic://NAME`, whether or not their open frame says so. */
const PREFIX_PRODUCTS: ReadonlySet<string> = new Set(["activemq", "masterslave-embedded"]);

/** Whether an address can list several destinations, separated by commas. */
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

/** Artemis's capabilities for temporary destinations. */
const CAPABILITY_OF: Readonly<Record<Kind, string>> = {
  queue: "queue",
  topic: "topic",
  "temp-queue": "temporary-queue",
  "temp-topic": "temporary-topic",
};

/** Whether an address or annotation tells the broker if a destination is a queue or a topic: a prefix always does. */
export function saysKind({ by }: Spelling, destination: Destination): boolean {
  return by === "prefix" || tellsArtemisKind(destination);
}

export function spell(spelling: Spelling, destination: Destination): Terminus {
  const { kind, name } = destination;
  if (spelling.by === "capability")
    return { address: name, ...(saysKind(spelling, destination) && { capabilities: [CAPABILITY_OF[kind]] }) };
  // Classic takes a list for several destinations.
  const members = membersOf({ kind, name });
  return { address: members.map((member) => prefixOf(spelling, member.kind) + member.name).join() };
}

/** Classic uses a prefix for its temporary destinations too, which its open frame does not mention. */
function prefixOf(spelling: Spelling, kind: Kind): string {
  return spelling.by === "prefix" && (kind === "queue" || kind === "topic") ? spelling[kind] : `${kind}://`;
}

const KINDS: readonly Kind[] = ["queue", "topic", "temp-queue", "temp-topic"];

/** The destination of an address in the broker's spelling; a bare name is of `bareKind`. */
export function destinationOf(spelling: Spelling, address: string, bareKind: Kind): Destination {
  for (const kind of KINDS) {
    const prefix = prefixOf(spelling, kind);
    if (prefix !== "" && address.startsWith(prefix) && address.length > prefix.length) {
      return { kind, name: address.slice(prefix.length) };
    }
  }
  return { kind: bareKind, name: address };
}

/** The destination as text. A bare name of unknown kind, from a client that does not say, is kept. */
export function readAddress(spelling: Spelling, address: string, bareKind: Kind | undefined): string {
  const { kind, name } = destinationOf(spelling, address, bareKind ?? "queue");
  return bareKind === undefined && name === address ? address : formatDestination({ kind, name });
}
