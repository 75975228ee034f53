/** Writes destinations as the connected broker needs them, and reads them back. */
import { UnsupportedError } from "../../../errors/errors.ts";
import { type Destination, formatDestination, membersOf } from "../../../messaging/messages/destination.ts";
import { isQualified, tellsArtemisKind } from "../../shared/artemis-kind.ts";
import type { Dialect } from "../opening/broker.ts";

const QUEUE = "queue://";

/**
 * The headers that address a SEND. Without the routing type Artemis takes an unknown name for a topic, and the message
 * is lost. @throws UnsupportedError for several destinations if the broker takes one.
 */
export function addressSend(destination: Destination, dialect: Dialect): Record<string, string> {
  if (dialect.destinations === "path") return { destination: spellPath(destination, dialect) };
  refuseSeveral(destination);
  return { destination: destination.name, ...typeHeader("destination-type", destination) };
}

/** The headers that address a SUBSCRIBE. @throws UnsupportedError as for a SEND. */
export function addressSubscribe(destination: Destination, dialect: Dialect): Record<string, string> {
  if (dialect.destinations === "path") return { destination: spellPath(destination, dialect) };
  refuseSeveral(destination);
  const { kind, name } = destination;
  return {
    destination: kind === "topic" ? anyWords(name) : name,
    ...typeHeader("subscription-type", destination),
  };
}

/** A reply-to header. Artemis keeps it as a JMS destination name, which is spelt like ours. */
export function spellReplyTo(destination: Destination, dialect: Dialect): string {
  return dialect.destinations === "path" ? spellPath(destination, dialect) : formatDestination(destination);
}

/** Joins the members of a list without a blank after the comma: Classic would take it as part of the name. */
function spellPath(destination: Destination, { composites }: Dialect): string {
  const members = composites ? membersOf(destination) : [destination];
  return members.map(spellOne).join(",");
}

/**
 * Classic distinguishes the temporary destinations of this connection from those of others, which have an id as their
 * name.
 */
function spellOne({ kind, name }: Destination): string {
  const remote = kind.startsWith("temp-") && name.startsWith("ID:");
  return `/${remote ? "remote-" : ""}${kind}/${name}`;
}

function refuseSeveral(destination: Destination): void {
  if (membersOf(destination).length > 1) {
    throw new UnsupportedError(
      `${formatDestination(destination)} lists several destinations, which Artemis cannot do over STOMP: use one call for each`,
    );
  }
}

/** The destination of a MESSAGE as send() takes it; undefined for a spelling that send() would misread. */
export function readDestination(text: string | undefined): string | undefined {
  return text ? readSpelled(text) : undefined;
}

/**
 * The destination of a MESSAGE with a bare address (Artemis), as send() takes it. The `destination-type` is what the
 * sender wrote, or missing, so the subscription's own destination tells more. A queue named as `ADDRESS::QUEUE` can have
 * either type.
 */
export function readAddress(
  text: string | undefined,
  routing: string | undefined,
  subscribed: Destination,
): string | undefined {
  if (!text) return undefined;
  if (!isQualified(subscribed)) {
    // An acceptor can have prefixes for queues and topics, which it puts before the address.
    const name = text.endsWith(subscribed.name) ? subscribed.name : text;
    return `${subscribed.kind === "topic" ? "topic" : "queue"}://${name}`;
  }
  if (routing === "MULTICAST") return `topic://${text}`;
  return routing === "ANYCAST" ? `queue://${text}` : undefined;
}

/** Returns the header with the routing type, if Artemis is told it. */
function typeHeader(header: string, destination: Destination): Record<string, string> {
  return tellsArtemisKind(destination) ? { [header]: routingType(destination.kind) } : {};
}

/**
 * Reads a reply-to header. `isGuess`: the sender did not say whether the name is a queue or a topic, and the broker
 * shows it as a queue.
 */
export function readReplyTo(text: string | undefined, isGuess: boolean): string | undefined {
  if (!text) return undefined;
  const read = readSpelled(text) ?? text;
  return isGuess && read.startsWith(QUEUE) ? read.slice(QUEUE.length) : read;
}

function readSpelled(text: string): string | undefined {
  const [, path, scheme, name] =
    /^(?:\/(?:remote-(?=temp-))?((?:temp-)?(?:queue|topic))\/|((?:temp-)?(?:queue|topic)):\/\/)(.+)$/s.exec(text) ?? [];
  return name === undefined ? undefined : `${path ?? scheme}://${name}`;
}

function routingType(kind: Destination["kind"]): "ANYCAST" | "MULTICAST" {
  return kind === "queue" || kind === "temp-queue" ? "ANYCAST" : "MULTICAST";
}

/** Classic and this package write `prices.>` for "anything below"; Artemis writes `prices.#`. */
function anyWords(name: string): string {
  return name.endsWith(".>") || name === ">" ? `${name.slice(0, -1)}#` : name;
}
