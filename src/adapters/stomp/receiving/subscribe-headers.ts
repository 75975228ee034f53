/** The headers of SUBSCRIBE for a request, on each kind of broker, or why it is impossible. */
import { InvalidArgumentError, UnsupportedError } from "../../../errors/errors.ts";
import { formatDestination, membersOf } from "../../../messaging/messages/destination.ts";
import type { NamedSubscription, SubscriptionRequest } from "../../../messaging/port/messaging-session.ts";
import { addressSubscribe } from "../messages/destination.ts";
import { findUnsendable } from "../messages/header-limits.ts";
import type { Peer } from "../opening/peer.ts";
import { selectorForArtemis } from "./selector.ts";

/** Artemis counts bytes; this is the assumed size of a message of text with its headers. */
const ASSUMED_MESSAGE_BYTES = 1024;

/**
 * Returns the headers without the id. @throws UnsupportedError for what cannot be done, with an alternative;
 * InvalidArgumentError for what no header can carry.
 */
export function subscribeHeaders(request: SubscriptionRequest, peer: Peer): Record<string, string> {
  refuseImpossible(request, peer);
  const headers = {
    ...addressSubscribe(request.destination, peer.dialect),
    // For a browser too: on Classic its ACK brings the next message and removes nothing from the queue (measured).
    ack: request.autoSettled ? "auto" : "client-individual",
    ...prefetchHeaders(request, peer),
    ...selectorHeader(request, peer),
    ...(request.browse && { browser: "true" }),
    ...(request.exclusive && { "activemq.exclusive": "true" }),
    ...(request.priority !== undefined && { "activemq.priority": String(request.priority) }),
    ...nameHeaders(request, peer),
  };
  const unsendable = findUnsendable(headers, peer);
  if (unsendable) throw new InvalidArgumentError(`it has ${unsendable}`);
  return headers;
}

/** The headers of an UNSUBSCRIBE that deletes the subscription. @throws UnsupportedError if no header does that. */
export function deletionHeaders(subscription: NamedSubscription, peer: Peer): Record<string, string> {
  refuseName(subscription, undefined, peer);
  if (!subscription.durable) {
    throw new UnsupportedError(
      `The shared subscription "${subscription.name}" is not durable: it goes away when nobody reads it and it is empty`,
    );
  }
  return peer.dialect.subscriptions === "activemq"
    ? // Classic requires an id; no subscription of ours has this one.
      { id: "0", "activemq.subscriptionName": subscription.name }
    : { "durable-subscription-name": subscription.name };
}

function selectorHeader({ selector }: SubscriptionRequest, { dialect }: Peer): Record<string, string> {
  if (selector === undefined) return {};
  return { selector: dialect.ownSelectorNames ? selectorForArtemis(selector) : selector };
}

function prefetchHeaders({ prefetch, prefetchBytes }: SubscriptionRequest, { dialect }: Peer): Record<string, string> {
  if (dialect.prefetch === "messages") return { "activemq.prefetchSize": String(prefetch) };
  // A window of 0 means exactly one message at a time; larger numbers are an estimate.
  const guess = prefetch === 1 ? 0 : prefetch * ASSUMED_MESSAGE_BYTES;
  return { "consumer-window-size": String(prefetchBytes ?? guess) };
}

function nameHeaders({ subscription, destination }: SubscriptionRequest, { dialect }: Peer): Record<string, string> {
  if (subscription === undefined) return {};
  const { name, durable } = subscription;
  if (dialect.subscriptions === "activemq") return { "activemq.subscriptionName": name };
  if (durable) return { "durable-subscription-name": name };
  // Names the subscription's queue as AMQP's shared subscriptions do: address::queue.
  return { destination: `${addressSubscribe(destination, dialect)["destination"]}::${name}:shared-volatile:global` };
}

function refuseImpossible(request: SubscriptionRequest, peer: Peer): void {
  const { destination, subscription, browse, exclusive, priority, selector } = request;
  const { subscriptions } = peer.dialect;
  const what = formatDestination(destination);
  if (destination.kind === "temp-topic") throw impossible(`Subscribing to ${what}`, peer, "use a topic");
  if (destination.kind === "temp-queue" && subscriptions !== "activemq") {
    throw impossible("A temporary queue", peer, "use a queue of your own with a unique name");
  }
  if (browse && (subscriptions !== "activemq" || destination.kind !== "queue" || membersOf(destination).length > 1)) {
    const instead =
      subscriptions === "activemq" ? "browse one queue" : "use AMQP: a subscription would take messages out";
    throw impossible(`Browsing ${what}`, peer, instead);
  }
  if (exclusive && subscriptions !== "activemq") {
    const instead =
      subscriptions === "artemis"
        ? 'make the queue exclusive in the broker (<queue exclusive="true"> or default-exclusive-queue)'
        : "use one consumer";
    throw impossible("An exclusive consumer", peer, instead);
  }
  // Artemis accepts such a header silently and ignores it (measured).
  if (priority !== undefined && peer.broker.product !== "activemq")
    throw impossible("A priority of a consumer", peer, "use AMQP");
  if (subscriptions === "artemis" && destination.kind === "queue" && /(^|\.)[*#>](\.|$)/.test(destination.name)) {
    // Artemis would create a queue of this very name, which gets copies.
    throw impossible(`Consuming from several queues by the wildcard ${what}`, peer, "consume from each queue");
  }
  const members = subscriptions === "activemq" ? membersOf(destination) : [];
  if (members.some(({ kind }) => kind !== destination.kind)) {
    // The broker would silently leave out the queues or the topics (measured).
    throw impossible(`Consuming from queues and topics at once, ${what},`, peer, "use a consumer for each kind");
  }
  if (subscription) refuseName(subscription, selector, peer);
}

function refuseName(subscription: NamedSubscription, selector: string | undefined, peer: Peer): void {
  const { durable, shared, name } = subscription;
  const { subscriptions } = peer.dialect;
  if (subscriptions === "plain") {
    throw impossible(`The ${shared ? "shared" : "durable"} subscription "${name}"`, peer, "use a queue");
  }
  if (shared && subscriptions === "activemq") {
    const instead =
      "send to topic://VirtualTopic.X, and let all consumers that share read queue://Consumer.NAME.VirtualTopic.X";
    throw impossible(`The shared subscription "${name}"`, peer, instead);
  }
  if (shared && !durable && selector !== undefined) {
    // The broker silently ignores it (measured).
    throw impossible(`A selector on the shared subscription "${name}"`, peer, "use sharedDurable, or AMQP");
  }
  if (durable && peer.clientId === undefined) {
    throw new UnsupportedError(
      `The durable subscription "${name}" over STOMP belongs to a client id: give the connection a clientId${shared ? ", the same for all that share it" : ""}`,
    );
  }
}

function impossible(what: string, { broker, dialect }: Peer, instead: string): UnsupportedError {
  const product = { activemq: "ActiveMQ Classic", artemis: "Artemis", plain: broker.product }[dialect.subscriptions];
  return new UnsupportedError(`${what} is not possible over STOMP on ${product}: ${instead}`);
}
