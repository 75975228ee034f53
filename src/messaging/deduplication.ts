/** Which messages a consumer has accepted lately, so that their twins are settled without being handed over. */
import type { LRUCache } from "lru-cache";
import { InvalidArgumentError } from "../errors.ts";
import { checkParts } from "./call-options.ts";
import type { Arrival } from "./intake.ts";

export interface DeduplicationOptions {
  /** How many message ids are remembered. */
  readonly max: number;
  /** How long each is remembered, ms; without end unless said. */
  readonly ttlMs?: number;
}

/** @throws InvalidArgumentError */
export function checkDeduplication(options: DeduplicationOptions): void {
  checkParts("deduplicate", options, ["max", "ttlMs"]);
  const { max, ttlMs } = options;
  if (!(Number.isInteger(max) && max > 0))
    throw new InvalidArgumentError(`deduplicate.max is a positive whole number of message ids, not ${max}`);
  if (ttlMs !== undefined && !(Number.isInteger(ttlMs) && ttlMs > 0))
    throw new InvalidArgumentError(`deduplicate.ttlMs is a positive whole number of milliseconds, not ${ttlMs}`);
}

/** A message is a twin of another when both have the same stable id: sent twice, or delivered twice. */
export class Deduplication {
  readonly #accepted: LRUCache<string, true>;
  /** What is in a user's hands, with the twins that arrived meanwhile: whether they are needed shows when it is settled. */
  readonly #inHand = new Map<string, Arrival[]>();

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
    const { id } = arrival.incoming.message;
    if (id === undefined) return "new";
    if (this.#accepted.has(id)) return "twin";
    const twins = this.#inHand.get(id);
    if (twins === undefined) {
      this.#inHand.set(id, []);
      return "new";
    }
    twins.push(arrival);
    return "aside";
  }

  /** The one in hand is done with, accepted or not. Returns the twins that were kept aside, to be judged again. */
  done(id: string | undefined, accepted: boolean): readonly Arrival[] {
    if (id === undefined) return [];
    if (accepted) this.#accepted.set(id, true);
    const twins = this.#inHand.get(id) ?? [];
    this.#inHand.delete(id);
    return twins;
  }

  /** What was kept aside came by a subscription that is gone. */
  forgetAside(): void {
    for (const twins of this.#inHand.values()) twins.length = 0;
  }
}
