/** Reads what a client's attach asks for, and refuses what is not supported. */
import type { Receiver, Sender, Source } from "rhea";
import type { Destination } from "../../messaging/messages/destination.ts";
import { destinationFrom } from "../destinations/destination-name.ts";
import { Refusal } from "../destinations/refusal.ts";
import type { SelectorText } from "../store/stored-message.ts";
import { type DecodedMessage, givenTerminus, selectorOf, type Terminus } from "./rhea/rhea-server.ts";
import { isCoordinator } from "./rhea/transaction-frames.ts";

export type TargetRequest =
  | { readonly kind: "coordinator" }
  /** A temporary queue is to be created. */
  | { readonly kind: "dynamic" }
  /** The anonymous terminus: each message says where it goes. */
  | { readonly kind: "anonymous" }
  | { readonly kind: "address"; readonly destination: Destination };

/** The destination that the client sends to. @throws Refusal */
export function targetOf(receiver: Receiver): TargetRequest {
  if (isCoordinator(receiver)) return { kind: "coordinator" };
  const target = givenTerminus<Terminus>(receiver.target);
  if (!target) throw new Refusal("amqp:invalid-field", "The attach has no target");
  if (target.dynamic) return dynamic(target);
  if (!target.address) return { kind: "anonymous" };
  return { kind: "address", destination: destinationOf(target.address, target.capabilities) };
}

export type SourceRequest =
  | { readonly kind: "dynamic" }
  /** No source: means the durable subscription with the link's name, usually to delete it. */
  | { readonly kind: "existing" }
  | {
      readonly kind: "address";
      readonly destination: Destination;
      readonly durable: boolean;
      readonly browse: boolean;
      readonly selector: SelectorText | undefined;
    };

/** The source that the client receives from. @throws Refusal */
export function sourceOf(sender: Sender): SourceRequest {
  const source = givenTerminus<Terminus & Pick<Source, "distribution_mode" | "filter">>(sender.source);
  if (!source) return { kind: "existing" };
  if (source.dynamic) return dynamic(source);
  if (!source.address) throw new Refusal("amqp:invalid-field", "The source has no address");
  if (names(source.capabilities).includes("shared")) throw Refusal.notDone("shared subscriptions (capability shared)");
  return {
    kind: "address",
    destination: destinationOf(source.address, source.capabilities),
    // AMQP 1.0 section 3.5.5: with 1 its configuration is durable, with 2 also the state of unsettled deliveries.
    durable: Number(source.durable ?? 0) > 0,
    browse: source.distribution_mode === "copy",
    selector: selectorIn(source.filter ?? {}),
  };
}

/** Returns the selector among the filters of a source, whatever its key. @throws Refusal for any other filter. */
function selectorIn(filters: object): SelectorText | undefined {
  let selector: SelectorText | undefined;
  for (const [key, filter] of Object.entries(filters)) {
    const text = selectorOf(filter);
    if (text === undefined) throw Refusal.notDone(`filters other than selectors (${key})`);
    selector = { text, convertTexts: false };
  }
  return selector;
}

function dynamic({ capabilities }: Terminus): { readonly kind: "dynamic" } {
  if (names(capabilities).includes("temporary-topic")) throw Refusal.notDone("temporary topics");
  return { kind: "dynamic" };
}

/** The capability that each value of the annotation `x-opt-jms-dest` stands for; it counts if `to` has no prefix. */
const JMS_KINDS = ["queue", "topic", "temporary-queue", "temporary-topic"];

/**
 * Returns the destination that a message to the anonymous terminus names. @throws Refusal with Classic's text if it
 * names none.
 */
export function destinationOfMessage({ to, message_annotations }: DecodedMessage): Destination {
  if (!to) throw new Refusal("amqp:invalid-field", "Missing to field for message sent to an anonymous producer");
  return destinationOf(to, JMS_KINDS[Number(message_annotations?.["x-opt-jms-dest"])]);
}

/**
 * A prefix of the address decides, as on Classic; without one the capability, as on Artemis; otherwise it is a queue.
 */
function destinationOf(address: string, capabilities: string | string[] | undefined): Destination {
  const destination = destinationFrom(address);
  const wanted = names(capabilities);
  if (wanted.includes("temporary-topic")) throw Refusal.notDone("temporary topics");
  if (/^(temp-)?(queue|topic):\/\/|^\/(queue|topic)\//.test(address)) return destination;
  if (wanted.includes("temporary-queue")) return { ...destination, kind: "temp-queue" };
  return wanted.includes("topic") ? { ...destination, kind: "topic" } : destination;
}

function names(capabilities: string | string[] | undefined): string[] {
  return [capabilities ?? []].flat().map(String);
}
