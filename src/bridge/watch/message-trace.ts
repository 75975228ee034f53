/** Where a message is, as far as a bridge remembers and the queues of its groups show. */
import { printableLine } from "../../errors/printable.ts";
import { textOf } from "../../errors/text-of.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { Forwarder } from "../forwarding/forwarder.ts";
import { hasId } from "../memory/journal.ts";
import { FIRST_ID_PROPERTY, REASON_PROPERTY } from "../routing/path.ts";
import type { WatchedGroup } from "./watched-group.ts";

/**
 * `in-flight`: taken and not confirmed. `held`: the target refuses, and it waits. `forwarded`, `dead-lettered`, `expired`,
 * `dropped` (by a map hook) and `stays` (not for this link): what the link did with it. `at-source`, `at-target` and
 * `in-dead-letters`: it lies in that queue now.
 */
export type MessagePlace =
  | "in-flight"
  | "held"
  | "forwarded"
  | "dead-lettered"
  | "expired"
  | "dropped"
  | "stays"
  | "at-source"
  | "at-target"
  | "in-dead-letters";

/** One thing that is known of a message. */
export interface MessageTrace {
  /** The link, by its key in the configuration. */
  readonly link: string;
  /** The source group of the direction, by its key. */
  readonly from: string;
  /** The target group of the direction, by its key. */
  readonly to: string;
  /** Where it is, or what became of it. */
  readonly place: MessagePlace;
  /** The id in the group where it was seen. */
  readonly id: string | undefined;
  /** The id at the target; undefined before the link has taken it, and for a message without an identity. */
  readonly targetId: string | undefined;
  /** The destination at the source. */
  readonly source: string | undefined;
  /** The destination at the target. */
  readonly destination: string | undefined;
  /** `Date.now()` of what the link did with it; undefined for what it lies in now. */
  readonly atMs: number | undefined;
  /** Why it is held, a dead letter, or not for this link. */
  readonly reason: string | undefined;
}

/** What a bridge knows of a message. */
export interface TraceResult {
  /** The id that was asked for. */
  readonly id: string;
  /** Empty for a message that was never seen, or so long ago that it is forgotten. */
  readonly found: readonly MessageTrace[];
  /** Queues that could not be looked into, or not to their end, with the reason. */
  readonly notLookedInto: readonly string[];
}

export interface TraceDeps {
  readonly link: string;
  readonly source: WatchedGroup;
  readonly target: WatchedGroup;
  readonly forwarder: Forwarder;
  /** The queues of the source, by their plain names. */
  readonly queues: readonly string[];
  /** The queues at the target to which those are forwarded. */
  readonly targets: readonly string[];
  /** The source's dead letter queue: `queue://NAME`. */
  readonly deadLetters: string;
}

const MAX_SHOWN = 5_000;
/** Anybody may send a message with a reason. */
const MAX_REASON = 1_000;

/** Resolves with what one direction knows about a message. Never rejects. */
export async function traceMessage(id: string, deps: TraceDeps, signal: AbortSignal): Promise<Omit<TraceResult, "id">> {
  const known = knownOf(id, deps);
  if (known.some(({ place }) => place === "in-flight" || place === "held")) return { found: known, notLookedInto: [] };
  const ids = new Set([id, ...known.flatMap(({ targetId }) => targetId ?? [])]);
  const found = [...known];
  const notLookedInto: string[] = [];
  const { link, source, target, queues, targets, deadLetters } = deps;
  const look = async (group: WatchedGroup, place: MessagePlace, queue: string) => {
    const result = await findIn(group, queue, ids, signal);
    if (typeof result === "string") notLookedInto.push(`${queue} in ${group.name}: ${result}`);
    else if (result) found.push(traceOf(result, { link, from: source.name, to: target.name, place, queue }));
  };
  const looks = [
    ...queues.map((queue) => look(source, "at-source", `queue://${queue}`)),
    ...targets.map((queue) => look(target, "at-target", queue)),
    look(source, "in-dead-letters", deadLetters),
  ];
  await Promise.all(looks);
  return { found, notLookedInto };
}

/** Returns what several directions or links know about one message, together. */
export function joinTraces(traces: readonly Omit<TraceResult, "id">[]): Omit<TraceResult, "id"> {
  return {
    found: traces.flatMap(({ found }) => found),
    notLookedInto: traces.flatMap(({ notLookedInto }) => notLookedInto),
  };
}

function knownOf(id: string, { link, source, target, forwarder }: TraceDeps): MessageTrace[] {
  const direction = { link, from: source.name, to: target.name };
  const { message, heldFor } = forwarder.find(id);
  if (message) {
    const { copy, delivery } = message;
    return [
      {
        ...direction,
        place: heldFor === undefined ? "in-flight" : "held",
        id: delivery.message.id,
        targetId: copy.key,
        source: delivery.message.destination,
        destination: copy.destination,
        atMs: undefined,
        reason: heldFor,
      },
    ];
  }
  return forwarder.journal.find(id).map(({ outcome, id: own, targetId, source: from, destination, atMs, reason }) => ({
    ...direction,
    place: outcome,
    id: own,
    targetId,
    source: from,
    destination,
    atMs,
    reason,
  }));
}

/**
 * Resolves with the message, with undefined if it is not in the queue, or with the reason why the queue cannot be
 * searched. Never rejects.
 */
async function findIn(
  { connection, protocol }: WatchedGroup,
  queue: string,
  ids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReceivedMessage | string | undefined> {
  if (connection.broker?.product === "artemis" && protocol === "stomp") return "Artemis shows no queue over STOMP";
  if (connection.endpoint === undefined) return "the group has no active endpoint";
  let count = 0;
  try {
    for await (const message of connection.browse(queue, { signal })) {
      if (isOneOf(message, ids)) return message;
      count += 1;
      if (count >= MAX_SHOWN) return `only the first ${MAX_SHOWN} messages were looked at`;
    }
  } catch (reason) {
    return textOf(reason);
  }
  return signal.aborted ? "there was no time to look at all of it" : undefined;
}

function isOneOf({ id, brokerMessageId, properties }: ReceivedMessage, ids: ReadonlySet<string>): boolean {
  const first = properties[FIRST_ID_PROPERTY];
  const message = { id, brokerMessageId, targetId: undefined, firstId: typeof first === "string" ? first : undefined };
  return [...ids].some((each) => hasId(message, each));
}

function traceOf(
  { id, properties }: ReceivedMessage,
  { place, queue, ...direction }: Pick<MessageTrace, "link" | "from" | "to" | "place"> & { readonly queue: string },
): MessageTrace {
  const reason = properties[REASON_PROPERTY];
  const atTarget = place === "at-target";
  return {
    ...direction,
    place,
    id,
    targetId: atTarget ? id : undefined,
    source: atTarget ? undefined : queue,
    destination: atTarget ? queue : undefined,
    atMs: undefined,
    reason: typeof reason === "string" ? printableLine(reason, MAX_REASON) : undefined,
  };
}
