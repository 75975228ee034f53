/** Reads what a SUBSCRIBE asks for, and refuses what is not supported. */
import { Refusal } from "../destinations/refusal.ts";
import type { SelectorText } from "../store/stored-message.ts";
import type { StompFrame } from "./frame.ts";
import type { StompVersion } from "./stomp-version.ts";

export type AckMode = "auto" | "client" | "client-individual";

export interface SubscriptionRequest {
  /** Undefined if a client of STOMP 1.0 gives none: then the destination identifies the subscription. */
  readonly id: string | undefined;
  readonly destination: string;
  readonly mode: AckMode;
  readonly prefetch: number;
  readonly browser: boolean;
  readonly exclusive: boolean;
  /** The name of a durable subscription. */
  readonly durable: string | undefined;
  readonly selector: SelectorText | undefined;
}

/** Classic's header for it, in SUBSCRIBE and UNSUBSCRIBE. */
export const SUBSCRIPTION_NAME = "activemq.subscriptionName";

const DEFAULT_PREFETCH = 1000;
const NOT_DONE: Readonly<Record<string, string>> = {
  durable: `durable subscriptions but as Classic, with ${SUBSCRIPTION_NAME}`,
  "durable-subscription-name": `durable subscriptions but as Classic, with ${SUBSCRIPTION_NAME}`,
  "durable-subscriber-name": `durable subscriptions but as Classic, with ${SUBSCRIPTION_NAME}`,
  "activemq.noLocal": "noLocal",
  "activemq.retroactive": "retroactive consumers",
  "activemq.priority": "consumer priorities",
};

/** @throws Refusal for unsupported features, or an invalid SUBSCRIBE. */
export function readSubscribe({ headers }: StompFrame, version: StompVersion): SubscriptionRequest {
  for (const [name, what] of Object.entries(NOT_DONE)) {
    if (headers[name] !== undefined && headers[name] !== "false") throw Refusal.notDone(`${what} (header ${name})`);
  }
  const { id } = headers;
  if (id === undefined && version !== "1.0") throw new Refusal("amqp:invalid-field", "SUBSCRIBE needs the header id");
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
  const browser = headers["browser"] === "true";
  if (browser && version === "1.0")
    throw new Refusal("amqp:not-found", "Queue Browser feature only valid for Stomp v1.1+ clients!");
  const exclusive = headers["activemq.exclusive"] === "true";
  const destination = headers["destination"] ?? "";
  const selector = headers["selector"] ? { text: headers["selector"], convertTexts: true } : undefined;
  return { id, destination, mode, prefetch, browser, exclusive, durable: headers[SUBSCRIPTION_NAME], selector };
}
