/** The source that a subscription attaches to on the connected broker, or why that broker cannot do what is asked. */

import { randomUUID } from "node:crypto";
import rhea, { type Source } from "rhea";
import { UnsupportedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import type { NamedSubscription, SubscriptionRequest } from "../../../messaging/port/messaging-session.ts";
import { checkComposite } from "../messages/check-composite.ts";
import { spell } from "../messages/destination.ts";
import { checkFrameFits, describeStart } from "../opening/frame-size.ts";
import type { SessionDeps } from "../opening/session-deps.ts";

/** The fields of an attach frame that depend on the subscription. */
export interface AttachTerms {
  readonly name?: string;
  readonly source: Source;
  /** Link properties, from which Artemis reads the priority of a consumer. */
  readonly properties?: Readonly<Record<string, unknown>>;
  /** At the end the link is detached, not closed: closing deletes a durable subscription. */
  readonly outlivesLink: boolean;
}

type Peer = Pick<SessionDeps, "broker" | "clientId" | "endpoint" | "offers" | "spelling" | "connection">;

/** The terminus is fully durable (AMQP 1.0, 3.5.5) and never expires. */
const OUTLIVES_SESSIONS = { durable: 2, expiry_policy: "never" } as const;
/** AMQP 1.0, 3.5.10. */
const DELETE_ON_CLOSE = 0x2b;
const WILDCARD = /(^|\.)[*>](\.|$)/;

/** @throws UnsupportedError or InvalidArgumentError that says why, and what to do instead. */
export function attachTermsOf(request: SubscriptionRequest, peer: Peer): AttachTerms {
  const { destination, subscription, exclusive = false, browse = false, selector } = request;
  const { address } = spell(peer.spelling, destination);
  const what = `What names the subscription to ${describeStart(formatDestination(destination))}`;
  checkFrameFits(peer, what, address, selector, subscription?.name);
  if (destination.kind === "temp-queue") return { source: temporaryQueue(), outlivesLink: false };
  checkDestination(request, peer);
  const source: Source = {
    ...sourceOf(request, peer),
    ...(selector !== undefined && { filter: rhea.filter.selector(selector) }),
    ...(browse && { distribution_mode: "copy" }),
  };
  if (exclusive || request.priority !== undefined) return preferred(source, request, peer);
  if (subscription === undefined) return { source, outlivesLink: false };
  return { ...named(source, subscription), outlivesLink: subscription.durable };
}

/** The link is named after the subscription; several links of one connection may share the name. */
export function linkNameOf({ name, shared }: NamedSubscription): string {
  // Artemis cuts the name at the bar, which is Qpid JMS's mark of a shared subscription (DefaultSenderController,
  // createQueueName).
  return shared ? `${name}|${randomUUID()}` : name;
}

/** "global": shared among all client ids, not within one. */
export const SHARED_CAPABILITIES = ["shared", "global"] as const;

/** @throws UnsupportedError for a subscription that this broker cannot create or keep. */
export function checkNamed({ name, durable, shared }: NamedSubscription, { broker, clientId, offers }: Peer): void {
  if (shared && !offers.has("SHARED-SUBS")) {
    const instead =
      broker.product === "activemq"
        ? `: let each consumer read queue://Consumer.${name}.VirtualTopic.NAME instead`
        : "";
    throw new UnsupportedError(`${broker.product} has no shared subscriptions over AMQP${instead}`);
  }
  if (durable && !shared && clientId === undefined) {
    throw new UnsupportedError(`A durable subscription belongs to a client id: give the connection a clientId`);
  }
  if (broker.product === "artemis" && name.includes("|"))
    throw new UnsupportedError(`Artemis cuts the subscription name ${name} at the "|"`);
}

function checkDestination(request: SubscriptionRequest, peer: Peer): void {
  const { destination, subscription, browse } = request;
  const where = formatDestination(destination);
  checkComposite(request, peer);
  if (browse && destination.kind !== "queue") throw new UnsupportedError(`Only a queue can be browsed, not ${where}`);
  if (subscription) {
    if (destination.kind !== "topic")
      throw new UnsupportedError(`Only a topic has subscriptions by name, not ${where}`);
    checkNamed(subscription, peer);
  }
  if (peer.broker.product === "artemis" && destination.kind === "queue" && WILDCARD.test(destination.name)) {
    throw new UnsupportedError(`Artemis has wildcards for topics only: ${where} would be a queue of that very name`);
  }
}

function sourceOf({ destination }: SubscriptionRequest, { broker, spelling }: Peer): Source {
  const { address, capabilities } = spell(spelling, destination);
  // Artemis writes `#` where ActiveMQ writes `>`.
  const spelled = broker.product === "artemis" ? address.replace(/(^|\.)>$/, "$1#") : address;
  // A copy of the capabilities, because rhea's typings ask for a mutable array.
  return { address: spelled, ...(capabilities && { capabilities: [...capabilities] }) } as Source;
}

/** Adds what makes the consumer exclusive, gives it a priority, or both. */
function preferred(source: Source, request: SubscriptionRequest, { broker }: Pick<Peer, "broker">): AttachTerms {
  const { destination, exclusive, priority, subscription } = request;
  const chosen = exclusive ? exclusively(source, request, { broker }) : source;
  if (priority === undefined) return { source: chosen, outlivesLink: false };
  if (destination.kind !== "queue" || subscription)
    throw new UnsupportedError(`Only a consumer of a queue can have a priority (${formatDestination(destination)})`);
  if (broker.product === "artemis")
    return { source: chosen, properties: { priority: rhea.types.wrap_int(priority) }, outlivesLink: false };
  if (broker.product !== "activemq")
    throw new UnsupportedError(`Consumers of ${broker.product} over AMQP have no priority that we know`);
  // Classic reads consumer options in the address, and ignores the properties of the link (measured).
  const address = `${chosen.address}${exclusive ? "&" : "?"}consumer.priority=${priority}`;
  return { source: { ...chosen, address }, outlivesLink: false };
}

function exclusively(source: Source, { destination }: SubscriptionRequest, { broker }: Pick<Peer, "broker">): Source {
  if (broker.product === "activemq" && destination.kind === "queue") {
    // Classic reads consumer options in the address (AmqpSession.createSender).
    return { ...source, address: `${source.address}?consumer.exclusive=true` };
  }
  const why =
    destination.kind === "queue"
      ? `${broker.product} has exclusive consumers by the queue's own setting alone: set default-exclusive-queue for its address`
      : "Only a queue can have an exclusive consumer";
  throw new UnsupportedError(`${why} (${formatDestination(destination)})`);
}

function named(source: Source, subscription: NamedSubscription): Omit<AttachTerms, "outlivesLink"> {
  const capabilities = subscription.shared ? [source.capabilities ?? [], ...SHARED_CAPABILITIES].flat() : undefined;
  return {
    name: linkNameOf(subscription),
    source: {
      ...source,
      ...(subscription.durable && OUTLIVES_SESSIONS),
      ...(capabilities && { capabilities }),
    } as Source,
  };
}

/** A queue that lives as long as its link, and whose address comes with the answer to the attach. */
function temporaryQueue(): Source {
  return {
    dynamic: true,
    expiry_policy: "link-detach",
    dynamic_node_properties: { "lifetime-policy": rhea.types.wrap_described([], DELETE_ON_CLOSE) },
    capabilities: ["temporary-queue"],
  } as unknown as Source;
}
