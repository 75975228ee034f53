/** Lists the queues that match a link's wildcards on Artemis, whose consumers take plain names only. */
import { MasterSlaveError } from "../../errors/errors.ts";
import { mayGoBy } from "../routing/never-forwarded.ts";
import { type DestinationPattern, formatPattern, matchPattern, parsePattern } from "../routing/pattern.ts";
import { artemisQueues } from "../watch/artemis-management.ts";
import type { OpenGroup } from "./open-group.ts";
import type { SourceConsumerDeps } from "./source-consumer.ts";

export interface QueueListDeps {
  readonly group: OpenGroup;
  readonly sources: readonly DestinationPattern[];
  /** Whether the link forwards the queue of this name; false if it is excluded. */
  readonly isRouted: (name: string) => boolean;
  /** Called once for each queue that exists. */
  readonly onQueue: (queue: DestinationPattern) => Promise<void>;
  readonly onRefused: SourceConsumerDeps["onRefused"];
}

/** The interval between listings: a queue that is created later is found after this time at most. */
const EVERY_MS = 3_000;

export class QueueList {
  readonly #deps: QueueListDeps;
  readonly #known = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;
  #closed = false;

  constructor(deps: QueueListDeps) {
    this.#deps = deps;
  }

  /** Whether this source is a wildcard that consumers of this broker cannot use. */
  expands({ kind, hasWildcard }: DestinationPattern): boolean {
    return kind === "queue" && hasWildcard && this.#deps.group.connection.broker?.product === "artemis";
  }

  /** Resolves when each existing queue has its consumers, or when the broker refuses to list them. */
  async start(): Promise<void> {
    if (!this.#deps.sources.some((source) => this.expands(source))) return;
    await this.#ask();
    if (!this.#closed) this.#timer = setInterval(() => void this.#ask(), EVERY_MS);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  /** Never rejects: after a refusal the broker is asked again later. */
  async #ask(): Promise<void> {
    const { group, sources, onQueue, onRefused, isRouted } = this.#deps;
    if (group.protocol === "stomp") return this.#refuseStomp();
    if (this.#asking || group.connection.endpoint === undefined) return;
    this.#asking = true;
    const patterns = sources.filter((source) => this.expands(source));
    const named = new Set(sources.filter((source) => !this.expands(source)).map(({ name }) => name));
    const label = patterns.map(formatPattern).join(", ");
    try {
      const queues = await artemisQueues(group);
      onRefused(label, undefined);
      const names = queues
        .filter(({ name, address, anycast, temporary }) => anycast && !temporary && name === address)
        .map(({ name }) => name)
        .filter((name) => !this.#known.has(name) && !named.has(name) && isPlain(name) && isRouted(name))
        .filter((name) => patterns.some((pattern) => goesBy(pattern, name)));
      for (const name of names) this.#known.add(name);
      if (!this.#closed) await Promise.all(names.map((name) => onQueue(parsePattern(`queue://${name}`))));
    } catch (thrown) {
      const { code, message } = MasterSlaveError.from(thrown);
      if (this.#closed || code === "CONNECTION_CLOSED") return;
      const reason = `the list of queues cannot be had: ${message} (wildcards over queues of Artemis need the permissions send and manage on activemq.management; plain names do without)`;
      onRefused(label, { destination: label, reason, final: false });
    } finally {
      this.#asking = false;
    }
  }

  /** Artemis ends the STOMP session of a user that may not list queues, so the session would end every few seconds. */
  #refuseStomp(): void {
    const { sources, onRefused } = this.#deps;
    const destination = sources
      .filter((source) => this.expands(source))
      .map(formatPattern)
      .join(", ");
    const reason = "wildcards over queues of Artemis need AMQP: over STOMP write plain names";
    onRefused(destination, { destination, reason, final: true });
  }
}

function goesBy(pattern: DestinationPattern, name: string): boolean {
  const queue = { kind: "queue", name } as const;
  return matchPattern(pattern, queue) !== undefined && mayGoBy(pattern, queue);
}

/** Whether this is the name of exactly one queue in our syntax; some names that Artemis allows are not. */
function isPlain(name: string): boolean {
  try {
    return !parsePattern(`queue://${name}`).hasWildcard;
  } catch {
    return false;
  }
}
