/** Spells destinations as the broker found needs them, and reads them back. */
import { type Destination, formatDestination } from "../../messaging/destination.ts";
import type { Dialect } from "./broker.ts";

/** The headers that address a SEND. Without the routing type Artemis takes an unknown name for a topic, and the message is lost. */
export function addressSend({ kind, name }: Destination, dialect: Dialect): Record<string, string> {
  if (dialect.destinations === "path") return { destination: `/${kind}/${name}` };
  return { destination: name, "destination-type": routingType(kind) };
}

/** The headers that address a SUBSCRIBE. */
export function addressSubscribe({ kind, name }: Destination, dialect: Dialect): Record<string, string> {
  if (dialect.destinations === "path") return { destination: `/${kind}/${name}` };
  return { destination: kind === "topic" ? anyWords(name) : name, "subscription-type": routingType(kind) };
}

/** A reply-to header. Artemis keeps it as a JMS destination name, whose spelling is ours. */
export function spellReplyTo(destination: Destination, dialect: Dialect): string {
  return dialect.destinations === "path" ? `/${destination.kind}/${destination.name}` : formatDestination(destination);
}

/** The destination of a MESSAGE as `queue://NAME` or `topic://NAME`; a temporary one as the broker spells it. */
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
  const [, path, scheme, name] = /^(?:\/(queue|topic)\/|(queue|topic):\/\/)(.+)$/s.exec(text) ?? [];
  return name === undefined ? undefined : `${path ?? scheme}://${name}`;
}

function routingType(kind: Destination["kind"]): "ANYCAST" | "MULTICAST" {
  return kind === "queue" ? "ANYCAST" : "MULTICAST";
}

/** `prices.>` is how Classic and this package write "anything below"; Artemis writes `prices.#`. */
function anyWords(name: string): string {
  return name.endsWith(".>") || name === ">" ? `${name.slice(0, -1)}#` : name;
}
