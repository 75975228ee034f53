/** How the broker found spells a queue or a topic: Classic goes by a prefix of the address, Artemis by the terminus capability. */
import { type Destination, formatDestination } from "../../messaging/destination.ts";
import type { Broker } from "../../messaging/messaging-session.ts";
import type { OpenProperties } from "./broker.ts";

type Kind = Destination["kind"];

/** Classic ignores capabilities and takes an address without a prefix for a queue; Artemis takes a prefix for part of the name. */
export type Spelling =
  | { readonly by: "prefix"; readonly queue: string; readonly topic: string }
  | { readonly by: "capability" };

/** Whether bytes that name destinations in one spelling can be sent to a broker of the other. */
export function sameSpelling(a: Spelling, b: Spelling): boolean {
  if (a.by === "capability" || b.by === "capability") return a.by === b.by;
  return a.queue === b.queue && a.topic === b.topic;
}

/** What of a source or target names the destination. */
export interface Terminus {
  readonly address: string;
  readonly capabilities?: readonly string[];
}

const URI_PREFIXES: Spelling = { by: "prefix", queue: "queue://", topic: "topic://" };
const CAPABILITIES: Spelling = { by: "capability" };

/** Products known to read `queue://NAME` and `topic://NAME`, whether they say so in their open frame or not. */
const PREFIX_PRODUCTS: ReadonlySet<string> = new Set(["activemq", "masterslave-embedded"]);

export function spellingOf(broker: Broker, properties: OpenProperties): Spelling {
  const queue = properties["queue-prefix"];
  const topic = properties["topic-prefix"];
  if (broker.product === "artemis") return CAPABILITIES;
  if (typeof queue === "string" && typeof topic === "string") return { by: "prefix", queue, topic };
  return PREFIX_PRODUCTS.has(broker.product) ? URI_PREFIXES : CAPABILITIES;
}

export function spell(spelling: Spelling, { kind, name }: Destination): Terminus {
  if (spelling.by === "prefix" && (kind === "queue" || kind === "topic")) return { address: spelling[kind] + name };
  return { address: name, capabilities: [kind] };
}

/**
 * `queue://NAME` or `topic://NAME` for an address as the broker spells it; a bare name is of `bareKind`, and stays as it
 * is when that is not known (a temporary destination, or one of a client that does not say).
 */
export function readAddress(spelling: Spelling, address: string, bareKind: Kind | undefined): string {
  for (const kind of ["queue", "topic"] as const) {
    const prefix = spelling.by === "prefix" ? spelling[kind] : `${kind}://`;
    if (prefix !== "" && address.startsWith(prefix) && address.length > prefix.length) {
      return formatDestination({ kind, name: address.slice(prefix.length) });
    }
  }
  return bareKind === undefined ? address : formatDestination({ kind: bareKind, name: address });
}
