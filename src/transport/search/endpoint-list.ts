/** The endpoints of a group in the order to try them: what the user listed, then what brokers told of. */
import type { Endpoint } from "../../uri/endpoint.ts";

/** Brokers may name any number of alternates; more than this are not kept. */
const MAX_ALTERNATES = 32;

export class EndpointList {
  readonly #configured: readonly Endpoint[];
  readonly #randomize: boolean;
  #alternates: readonly Endpoint[] = [];

  constructor(configured: readonly Endpoint[], options: { readonly randomize: boolean }) {
    this.#configured = configured;
    this.#randomize = options.randomize;
  }

  /** Adds endpoints a broker told of behind the user's own, which they never replace. Known ones are skipped. Returns the others. */
  addAlternates(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    const known = new Set([...this.#configured, ...this.#alternates].map(identity));
    const added = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint] as const));
    for (const key of known) added.delete(key);
    this.#alternates = [...this.#alternates, ...added.values()].slice(-MAX_ALTERNATES);
    return [...added.values()].slice(-MAX_ALTERNATES);
  }

  /** The order of the next round. */
  inOrder(): readonly Endpoint[] {
    const all = [...this.#configured, ...this.#alternates];
    return this.#randomize ? shuffled(all) : all;
  }
}

/** Two endpoints are the same when host (in any case) and port are. */
export function identity({ host, port }: Endpoint): string {
  return `${host.toLowerCase()}:${port}`;
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
