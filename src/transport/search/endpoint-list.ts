/** The endpoints of a group in the order to try them: those that the user listed, then those that brokers named. */
import type { EndpointAddress } from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";

/** Number of alternates kept: brokers may name any number. */
const MAX_ALTERNATES = 32;

export class EndpointList {
  readonly #configured: readonly Endpoint[];
  readonly #randomize: boolean;
  #alternates: readonly Endpoint[] = [];

  constructor(configured: readonly Endpoint[], options: { readonly randomize: boolean }) {
    this.#configured = configured;
    this.#randomize = options.randomize;
  }

  /**
   * Adds endpoints that a broker named behind the user's own, which they never replace. Returns those that were not
   * known yet.
   */
  addAlternates(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const known = new Set(this.known.map(identity));
    const added = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint] as const));
    for (const key of known) added.delete(key);
    this.#alternates = [...this.#alternates, ...added.values()].slice(-MAX_ALTERNATES);
    return [...added.values()].slice(-MAX_ALTERNATES);
  }

  /** All of them, as they were listed and named. */
  get known(): readonly Endpoint[] {
    return [...this.#configured, ...this.#alternates];
  }

  /** The order of the next round: it begins after `last` and ends with it. */
  inOrder(last?: EndpointAddress): readonly Endpoint[] {
    const all = this.#randomize ? shuffled(this.known) : this.known;
    const start = last === undefined ? 0 : all.findIndex((endpoint) => identity(endpoint) === identity(last)) + 1;
    return [...all.slice(start), ...all.slice(0, start)];
  }
}

/** A key for comparing endpoints: two are the same if their hosts (in any case) and ports are. */
export function identity({ host, port }: EndpointAddress): string {
  return `${host.toLowerCase()}:${port}`;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
