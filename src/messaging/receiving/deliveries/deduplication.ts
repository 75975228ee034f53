/** Which messages a consumer has accepted lately, so that their twins are settled without being handed over. */
import { inspect } from "node:util";
import type { LRUCache } from "lru-cache";
import { InvalidArgumentError } from "../../../errors/errors.ts";
import { readParts } from "../../messages/argument-checks.ts";
import type { ReceivedMessage } from "../../messages/received-message.ts";
import type { Arrival } from "./delivery-queue.ts";

/** Which messages a consumer takes for second copies of what it has accepted. */
export interface DeduplicationOptions {
  /** How many message ids are remembered, from 1 to 10,000,000. */
  readonly max: number;
  /** How long each is remembered, ms; without end unless said. */
  readonly ttlMs?: number | undefined;
}

/** Room is made for all of them at once, about 50 bytes each. */
const MAX_IDS = 10_000_000;

/** A copy that nothing changes any more. @throws InvalidArgumentError */
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

/** A message is a twin of another when both have the same stable id: sent twice, or delivered twice. */
export class Deduplication {
  readonly #accepted: LRUCache<string, true>;
  /** What is in a user's hands, with the twins that arrived meanwhile: whether they are needed shows when it is settled. */
  readonly #inHand = new Map<string, { readonly message: ReceivedMessage; readonly twins: Arrival[] }>();

  constructor(accepted: LRUCache<string, true>) {
    this.#accepted = accepted;
  }

  /** Loads the cache, which only consumers that deduplicate need. */
  static async load({ max, ttlMs }: DeduplicationOptions): Promise<Deduplication> {
    const { LRUCache } = await import("lru-cache");
    return new Deduplication(new LRUCache<string, true>({ max, ...(ttlMs !== undefined && { ttl: ttlMs }) }));
  }

  /** `new`: hand it over. `twin`: settle it. `aside`: kept here until the one in hand is settled. */
  judge(arrival: Arrival): "new" | "twin" | "aside" {
    const { message, unsettleable } = arrival.incoming;
    const { id } = message;
    // What cannot be settled is for the user to see.
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

  /** A message is done with, accepted or not. Returns the twins that were kept aside for it, to be judged again. */
  done(message: ReceivedMessage, accepted: boolean): readonly Arrival[] {
    const { id } = message;
    if (id === undefined) return [];
    if (accepted) this.#accepted.set(id, true);
    const inHand = this.#inHand.get(id);
    // It may be said twice of one that went stale, and its twin is in hand by then.
    if (inHand?.message !== message) return [];
    this.#inHand.delete(id);
    return inHand.twins;
  }

  /** What was kept aside came by a subscription that is gone. */
  forgetAside(): void {
    for (const { twins } of this.#inHand.values()) twins.length = 0;
  }
}
