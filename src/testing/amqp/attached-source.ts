/**
 * The source of a client's receiving link: a queue, topics, a durable subscription, a browser, or a temporary queue.
 */
import type { Sender } from "rhea";
import { formatDestination } from "../../messaging/messages/destination.ts";
import type { Destinations } from "../destinations/destinations.ts";
import type { OpenedSource } from "../destinations/queues.ts";
import { Refusal } from "../destinations/refusal.ts";
import { type MessageSelector, messageSelector } from "../selectors/message-selector.ts";
import type { DurableSubscription } from "../store/stored-message.ts";
import type { TemporaryAddresses } from "./temporary-addresses.ts";
import { type SourceRequest, sourceOf } from "./terminus.ts";

export interface AttachedSource extends OpenedSource {
  readonly selects?: MessageSelector | undefined;
  /** The durable subscription that the link reads, if any: the client deletes it by closing the link. */
  readonly durable?: Pick<DurableSubscription, "clientId" | "name">;
}

export interface AttachContext {
  readonly destinations: Destinations;
  readonly temporary: TemporaryAddresses;
  /** The client's container-id. */
  readonly clientId: string;
}

/** Also answers with the source. @throws Refusal */
export function attachSource(sender: Sender, context: AttachContext): AttachedSource {
  const request = sourceOf(sender);
  if (request.kind === "dynamic") return attachTemporary(sender, context);
  if (request.kind === "existing") return attachExisting(sender, context);
  sender.set_source(sender.source);
  return attachAddress(sender, request, context);
}

function attachTemporary(sender: Sender, { temporary }: AttachContext): AttachedSource {
  const { name, queue } = temporary.create();
  sender.set_source({ ...sender.source, address: `temp-queue://${name}`, dynamic: true });
  return { queue, leave: () => temporary.remove(name) };
}

/** Answers a client that attaches without a source, as Qpid JMS does before it unsubscribes. */
function attachExisting(sender: Sender, { destinations, clientId }: AttachContext): AttachedSource {
  const durable = { clientId, name: sender.name };
  const subscription = destinations.durableSubscription(durable);
  if (!subscription) {
    throw new Refusal("amqp:not-found", `There is no durable subscription "${sender.name}" of "${clientId}"`);
  }
  const address = formatDestination(subscription.destination);
  sender.set_source({ address, durable: 2, expiry_policy: "never" } as Parameters<Sender["set_source"]>[0]);
  return { ...destinations.subscribeDurable(subscription), durable };
}

function attachAddress(
  sender: Sender,
  { destination, durable, browse, selector }: Extract<SourceRequest, { readonly kind: "address" }>,
  { destinations, temporary, clientId }: AttachContext,
): AttachedSource {
  const selects = messageSelector(selector);
  if (destination.kind === "temp-queue") return { queue: temporary.own(destination.name), leave: () => {}, selects };
  if (browse) return { queue: destinations.browse(destination), leave: () => {}, selects };
  // A durable terminus on a queue is no subscription: queues are durable anyway.
  if (!durable || destination.kind === "queue") return { ...destinations.subscribe(destination, selects), selects };
  const subscription = { clientId, name: sender.name };
  return { ...destinations.subscribeDurable({ ...subscription, destination, selector }), durable: subscription };
}
