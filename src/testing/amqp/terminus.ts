/** What a client's attach asks for, and what of it is refused. */
import type { Receiver, Sender, Source, TerminusOptions } from "rhea";
import type { Destination } from "../../messaging/destination.ts";
import { destinationFrom } from "../destinations/destination-name.ts";
import { Refusal } from "../destinations/refusal.ts";

/** rhea's typings leave out that the peer may send neither terminus nor address. */
type Terminus = Partial<Omit<TerminusOptions, "address">> & { readonly address?: string | null };

/** Where the client sends to. @throws Refusal */
export function targetOf(receiver: Receiver): Destination {
  const target: Terminus | null | undefined = receiver.target;
  if (!target) throw Refusal.notDone("transactions (a coordinator, or no target at all)");
  if (target.dynamic) throw Refusal.notDone("temporary destinations (a dynamic target)");
  if (!target.address) throw Refusal.notDone("the anonymous relay (a target without address)");
  return destinationOf(target.address, target.capabilities);
}

/** Where the client receives from. @throws Refusal */
export function sourceOf(sender: Sender): Destination {
  const source: (Terminus & Pick<Source, "distribution_mode" | "filter">) | null | undefined = sender.source;
  if (!source) throw new Refusal("amqp:invalid-field", "The attach has no source");
  if (source.dynamic) throw Refusal.notDone("temporary destinations (a dynamic source)");
  if (!source.address) throw new Refusal("amqp:invalid-field", "The source has no address");
  if (source.durable) throw Refusal.notDone("durable subscriptions (a durable source)");
  if (source.distribution_mode === "copy") throw Refusal.notDone("browsing (distribution-mode copy)");
  const filters = Object.keys(source.filter ?? {});
  if (filters.length > 0) throw Refusal.notDone(`selectors and other filters (${filters.join(", ")})`);
  return destinationOf(source.address, source.capabilities);
}

/** The prefix of the address decides, as on Classic; without one the capability, as on Artemis; else it is a queue. */
function destinationOf(address: string, capabilities: string | string[] | undefined): Destination {
  const destination = destinationFrom(address);
  const prefixed = /^(queue|topic):\/\/|^\/(queue|topic)\//.test(address);
  const wanted = [capabilities ?? []].flat().map(String);
  if (wanted.some((name) => name.startsWith("temporary-"))) throw Refusal.notDone("temporary destinations");
  return !prefixed && wanted.includes("topic") ? { ...destination, kind: "topic" } : destination;
}
