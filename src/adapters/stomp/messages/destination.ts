/** Spells destinations as the broker found needs them, and reads them back. */
import { UnsupportedError } from "../../../errors/errors.ts";
import { type Destination, formatDestination, membersOf } from "../../../messaging/messages/destination.ts";
import type { Dialect } from "../opening/broker.ts";

/**
 * The headers that address a SEND. Without the routing type Artemis takes an unknown name for a topic, and the message is
 * lost. @throws UnsupportedError for several destinations where the broker takes one.
 */
export function addressSend(destination: Destination, dialect: Dialect): Record<string, string> {
  if (dialect.destinations === "path") return { destination: spellPath(destination, dialect) };
  refuseSeveral(destination);
  return { destination: destination.name, "destination-type": routingType(destination.kind) };
}

/** The headers that address a SUBSCRIBE. @throws UnsupportedError likewise. */
export function addressSubscribe(destination: Destination, dialect: Dialect): Record<string, string> {
  if (dialect.destinations === "path") return { destination: spellPath(destination, dialect) };
  refuseSeveral(destination);
  const { kind, name } = destination;
  return { destination: kind === "topic" ? anyWords(name) : name, "subscription-type": routingType(kind) };
}

/** A reply-to header. Artemis keeps it as a JMS destination name, whose spelling is ours. */
export function spellReplyTo(destination: Destination, dialect: Dialect): string {
  return dialect.destinations === "path" ? spellPath(destination, dialect) : formatDestination(destination);
}

/** Without a blank after the comma: Classic would take it for part of the name. */
function spellPath(destination: Destination, { composites }: Dialect): string {
  const members = composites ? membersOf(destination) : [destination];
  return members.map(spellOne).join(",");
}

/** Classic tells the temporary destinations of this connection from those of others, and those have an id for a name. */
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

/** The destination of a MESSAGE as send() takes it. */
export function readDestination(
  text: string | undefined,
  routing: string | undefined,
  dialect: Dialect,
): string | undefined {
  if (!text) return undefined;
  if (dialect.destinations === "path") return readSpelled(text) ?? text;
  return `${routing === "MULTICAST" ? "topic" : "queue"}://${text}`;
}

/** A reply-to header, likewise. A bare name, as AMQP senders leave it, is taken for a queue. */
export function readReplyTo(text: string | undefined): string | undefined {
  if (!text) return undefined;
  return readSpelled(text) ?? (/^\/|:\/\//.test(text) ? text : `queue://${text}`);
}

function readSpelled(text: string): string | undefined {
  const [, path, scheme, name] =
    /^(?:\/(?:remote-(?=temp-))?((?:temp-)?(?:queue|topic))\/|((?:temp-)?(?:queue|topic)):\/\/)(.+)$/s.exec(text) ?? [];
  return name === undefined ? undefined : `${path ?? scheme}://${name}`;
}

function routingType(kind: Destination["kind"]): "ANYCAST" | "MULTICAST" {
  return kind === "queue" || kind === "temp-queue" ? "ANYCAST" : "MULTICAST";
}

/** `prices.>` is how Classic and this package write "anything below"; Artemis writes `prices.#`. */
function anyWords(name: string): string {
  return name.endsWith(".>") || name === ">" ? `${name.slice(0, -1)}#` : name;
}
