/**
 * Remembers the messages that a consumer has accepted recently, so that duplicates are settled without being delivered.
 */
import { inspect } from "node:util";
import type { LRUCache } from "lru-cache";
import { InvalidArgumentError } from "../../../errors/errors.ts";
import { readParts } from "../../messages/argument-checks.ts";
import type { ReceivedMessage } from "../../messages/received-message.ts";
import type { Arrival } from "./delivery-queue.ts";

/** How a consumer recognises duplicates of messages that it has accepted. */
export interface DeduplicationOptions {
  /** How many message ids are remembered, from 1 to 10,000,000. */
  readonly max: number;
  /** How long each id is remembered, in ms; without limit by default. */
  readonly ttlMs?: number | undefined;
}

/** Memory is reserved for all of them at once, about 50 bytes each. */
const MAX_IDS = 10_000_000;

/** Returns a checked copy that the caller cannot change. @throws InvalidArgumentError */
export function readDeduplication(options: DeduplicationOptions): DeduplicationOptions {
  const read = readParts("deduplicate", options, ["max", "ttlMs"]);
  const { max, ttlMs } = read;
  if (!(Number.isInteger(max) && max > 0 && max <= MAX_IDS))
    throw new InvalidArgumentError(
      `deduplicate.max is a positive whole number of message ids up to ${MAX_IDS}, not ${inspect(max)}`,
    );
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs > 0))
    throw new InvalidArgumentError(
      `deduplicate.ttlMs is a positive whole number of milliseconds, not ${inspect(ttlMs)}`,
    );
  return read;
}

/** Two messages are duplicates if they have the same stable id: sent twice, or delivered twice. */
export class Deduplication {
  readonly #accepted: LRUCache<string, true>;
  /**
   * Messages in the user's hands, with the duplicates that arrived meanwhile. Settling the message decides whether its
   * duplicates are needed.
   */
  readonly #inHand = new Map<string, { readonly message: ReceivedMessage; readonly twins: Arrival[] }>();

  constructor(accepted: LRUCache<string, true>) {
    this.#accepted = accepted;
  }

  /** Loads the cache, which only consumers that deduplicate need. */
  static async load({ max, ttlMs }: DeduplicationOptions): Promise<Deduplication> {
    const { LRUCache } = await import("lru-cache");
    return new Deduplication(new LRUCache<string, true>({ max, ...(ttlMs !== undefined && { ttl: ttlMs }) }));
  }

  /**
   * `new`: deliver it. `twin`: settle it. `aside`: it is kept here until the message in the user's hands is settled.
   */
  judge(arrival: Arrival): "new" | "twin" | "aside" {
    const { message, unsettleable } = arrival.incoming;
    const { id } = message;
    // A message that cannot be settled must reach the user.
    if (id === undefined || unsettleable) return "new";
    if (this.#accepted.has(id)) return "twin";
    const inHand = this.#inHand.get(id);
    if (inHand === undefined) {
      this.#inHand.set(id, { message, twins: [] });
      return "new";
    }
    inHand.twins.push(arrival);
    return "aside";
  }

  /**
   * The message was settled, accepted or not. Returns the duplicates that were kept aside for it, to be judged again.
   */
  done(message: ReceivedMessage, accepted: boolean): readonly Arrival[] {
    const { id } = message;
    if (id === undefined) return [];
    if (accepted) this.#accepted.set(id, true);
    const inHand = this.#inHand.get(id);
    // A stale message can be settled twice, and the user may have its duplicate by then.
    if (inHand?.message !== message) return [];
    this.#inHand.delete(id);
    return inHand.twins;
  }

  /** Drops the duplicates of a subscription that is gone. */
  forgetAside(): void {
    for (const { twins } of this.#inHand.values()) twins.length = 0;
  }
}
