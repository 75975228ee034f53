/** One STOMP subscription: what it may still take, and what of it is unsettled. */
import type { Queue, QueueConsumer, QueueEntry } from "../destinations/queue.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { StompFrame } from "./frame.ts";
import { encodeMessage } from "./send-frame.ts";

export type AckMode = "auto" | "client" | "client-individual";

export interface SubscriptionRequest {
  readonly id: string;
  readonly mode: AckMode;
  readonly prefetch: number;
}

const DEFAULT_PREFETCH = 1000;
const NOT_DONE: Readonly<Record<string, string>> = {
  selector: "selectors",
  browser: "browsing",
  durable: "durable subscriptions",
  "durable-subscription-name": "durable subscriptions",
  "durable-subscriber-name": "durable subscriptions",
  "activemq.subscriptionName": "durable subscriptions",
  "activemq.noLocal": "noLocal",
  "activemq.exclusive": "exclusive consumers",
  "activemq.retroactive": "retroactive consumers",
  "activemq.priority": "consumer priorities",
};

/** @throws Refusal for what the embedded group does not do, or what is no SUBSCRIBE. */
export function readSubscribe({ headers }: StompFrame): SubscriptionRequest {
  for (const [name, what] of Object.entries(NOT_DONE)) {
    if (headers[name] !== undefined && headers[name] !== "false") throw Refusal.notDone(`${what} (header ${name})`);
  }
  const { id } = headers;
  if (id === undefined) throw new Refusal("amqp:invalid-field", "SUBSCRIBE needs the header id");
  const mode = headers["ack"] ?? "auto";
  if (mode !== "auto" && mode !== "client" && mode !== "client-individual") {
    throw new Refusal("amqp:invalid-field", `ack is auto, client or client-individual, not "${mode}"`);
  }
  const prefetch = Number(headers["activemq.prefetchSize"] ?? DEFAULT_PREFETCH);
  if (!Number.isInteger(prefetch) || prefetch < 1) {
    throw Refusal.notDone(
      `a prefetch of ${headers["activemq.prefetchSize"]} (header activemq.prefetchSize: 1 or more)`,
    );
  }
  return { id, mode, prefetch };
}

export interface SubscriptionOutput {
  /** The client reads too slowly for more. */
  readonly congested: boolean;
  /** Never the same twice on a connection, so that an ACK from before an UNSUBSCRIBE is known as one. */
  nextDelivery(): number;
  write(bytes: Buffer): void;
}

export class Subscription implements QueueConsumer {
  readonly request: SubscriptionRequest;
  readonly #queue: Queue;
  readonly #leave: () => void;
  readonly #output: SubscriptionOutput;
  /** By ack id, in the order of delivery. */
  readonly #unsettled = new Map<string, QueueEntry>();

  constructor(
    request: SubscriptionRequest,
    source: { readonly queue: Queue; readonly leave: () => void },
    output: SubscriptionOutput,
  ) {
    this.request = request;
    this.#queue = source.queue;
    this.#leave = source.leave;
    this.#output = output;
  }

  get ready(): boolean {
    return !this.#output.congested && this.#unsettled.size < this.request.prefetch;
  }

  start(): void {
    this.#queue.attach(this);
  }

  take(entry: QueueEntry): void {
    const { id, mode } = this.request;
    const ack = mode === "auto" ? undefined : `${id}/${this.#output.nextDelivery()}`;
    this.#output.write(encodeMessage(entry, { subscription: id, ack }));
    if (ack === undefined) this.#queue.accept(entry);
    else this.#unsettled.set(ack, entry);
  }

  /** False when the id is not one of this subscription's unsettled deliveries. NACK goes to the dead letter queue, as on Classic. */
  settle(ack: string, outcome: "ACK" | "NACK"): boolean {
    if (!this.#unsettled.has(ack)) return false;
    const settled = this.request.mode === "client" ? this.#upTo(ack) : [ack];
    for (const id of settled) {
      const entry = this.#unsettled.get(id);
      this.#unsettled.delete(id);
      if (entry === undefined) continue;
      if (outcome === "ACK") this.#queue.accept(entry);
      else this.#queue.deadLetter(entry);
    }
    return true;
  }

  #upTo(ack: string): string[] {
    const ids: string[] = [];
    for (const id of this.#unsettled.keys()) {
      ids.push(id);
      if (id === ack) break;
    }
    return ids;
  }

  /** The socket, or the prefetch, has room again. */
  resume(): void {
    this.#queue.dispatch();
  }

  /** What is unsettled goes back to the front of the queue. */
  end(): void {
    const unsettled = [...this.#unsettled.values()];
    this.#unsettled.clear();
    this.#leave();
    this.#queue.detach(this, unsettled);
  }
}
