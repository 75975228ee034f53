/**
 * The sources of one STOMP connection's subscriptions: queues, topics, durable subscriptions, browsers, its temporary
 * queues.
 */
import { type Destination, formatDestination } from "../../messaging/messages/destination.ts";
import type { Destinations } from "../destinations/destinations.ts";
import type { OpenedSource } from "../destinations/queues.ts";
import { Refusal } from "../destinations/refusal.ts";
import { type MessageSelector, messageSelector } from "../selectors/message-selector.ts";
import type { FrameHeaders } from "./frame.ts";
import type { SubscriptionRequest } from "./subscribe-frame.ts";
import type { TemporaryNames } from "./temporary-names.ts";

export interface SubscriptionSourcesOptions {
  readonly destinations: Destinations;
  readonly names: TemporaryNames;
  readonly send: (command: string, headers: FrameHeaders) => void;
}

export class SubscriptionSources {
  readonly #options: SubscriptionSourcesOptions;
  /** The client-id of CONNECT. */
  clientId: string | undefined;

  constructor(options: SubscriptionSourcesOptions) {
    this.#options = options;
  }

  /** @throws Refusal */
  open(request: SubscriptionRequest): OpenedSource & { readonly selects: MessageSelector | undefined } {
    const selects = messageSelector(request.selector);
    return { ...this.#open(request, selects), selects };
  }

  #open(request: SubscriptionRequest, selects: MessageSelector | undefined): OpenedSource {
    const { destinations, names } = this.#options;
    const destination = names.read(request.destination);
    if (destination.kind === "temp-queue") return this.#ownQueue(destination);
    if (request.durable !== undefined) {
      const { selector } = request;
      return destinations.subscribeDurable({ ...this.#durable(request.durable), destination, selector });
    }
    return request.browser ? this.#browse(request, destination) : destinations.subscribe(destination, selects);
  }

  /** Deletes the durable subscription. @throws Refusal */
  unsubscribe(name: string): void {
    this.#options.destinations.unsubscribe(this.#durable(name));
  }

  #ownQueue({ name }: Destination): OpenedSource {
    const { destinations, names } = this.#options;
    const queue = destinations.queues.temporary(name);
    if (queue && names.owns(name)) return { queue, leave: () => {} };
    throw new Refusal("amqp:not-allowed", `The temporary queue "${name}" is not of this connection`);
  }

  #durable(name: string): { readonly clientId: string; readonly name: string } {
    if (this.clientId !== undefined) return { clientId: this.clientId, name };
    throw new Refusal("amqp:invalid-field", "A durable subscription needs the header client-id of CONNECT");
  }

  /** Like Classic, reports the end with one more MESSAGE. */
  #browse({ id }: SubscriptionRequest, destination: Destination): OpenedSource {
    const { destinations, names, send } = this.#options;
    const queue = destinations.browse(destination);
    queue.onEnd = () => {
      const address = names.spell(formatDestination(destination));
      send("MESSAGE", { subscription: id, "message-id": "0", destination: address, browser: "end" });
    };
    return { queue, leave: () => {} };
  }
}
