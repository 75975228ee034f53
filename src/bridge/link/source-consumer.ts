/** One consumer for one source of a direction, which is opened again when the broker ends it. */
import { pause } from "../../async/timer.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { ConsumeOptions } from "../../messaging/receiving/consuming/consume-options.ts";
import type { Consumer } from "../../messaging/receiving/consuming/consumer.ts";
import type { Delivery } from "../../messaging/receiving/deliveries/delivery.ts";

export interface SourceConsumerDeps {
  readonly connection: Connection;
  /** `queue://NAME` or `topic://NAME`, with wildcards. */
  readonly destination: string;
  /** Called once the broker's product is known. */
  readonly options: () => ConsumeOptions;
  /** Resolves with true when the next delivery may be taken, or with false when no more may be taken. */
  readonly mayTake: () => Promise<boolean>;
  /** Takes a delivery. The next one is taken when this promise has resolved. Never rejects. */
  readonly take: (delivery: Delivery) => Promise<void>;
  /** Called with the refusal when the broker refuses the consumer, and with undefined when it accepts it. */
  readonly onRefused: (destination: string, refusal: SourceRefusal | undefined) => void;
  /** The longest wait before a refused consumer is asked for again, in ms; 30 s by default. */
  readonly longestWaitMs?: number | undefined;
}

export interface SourceRefusal {
  readonly destination: string;
  readonly reason: string;
  /** The broker can never fulfil the request, so it is not asked again. */
  readonly final: boolean;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

export class SourceConsumer {
  readonly #deps: SourceConsumerDeps;
  #consumer: Consumer | undefined;
  readonly #ending = new AbortController();

  constructor(deps: SourceConsumerDeps) {
    this.#deps = deps;
  }

  /** Opens the consumer once `after` has resolved. Resolves when the broker has accepted or refused it. */
  start(after: Promise<void> = Promise.resolve()): Promise<void> {
    return new Promise((started) => void after.then(() => this.#run(started)));
  }

  /** Whether the broker may have the consumer. */
  get isOpen(): boolean {
    return this.#consumer !== undefined;
  }

  /**
   * Takes nothing more, waits until what was taken is settled, and leaves. There is no limit but close(): a
   * message that goes back while the link still sends it would be taken twice. Never rejects.
   */
  async leave(): Promise<void> {
    this.#ending.abort();
    await this.#consumer?.drain({ timeoutMs: Number.POSITIVE_INFINITY });
    this.#deps.onRefused(this.#deps.destination, undefined);
  }

  /** Closes the consumer; unsettled messages go back to the broker. Never rejects. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#consumer?.close();
  }

  async #run(started: () => void): Promise<void> {
    const { destination, onRefused, longestWaitMs = LONGEST_WAIT_MS } = this.#deps;
    const { signal } = this.#ending;
    let waitMs = FIRST_WAIT_MS;
    while (!signal.aborted) {
      const refusal = await this.#consume(() => {
        waitMs = FIRST_WAIT_MS;
        onRefused(destination, undefined);
        started();
      });
      if (!refusal || signal.aborted) break;
      onRefused(destination, refusal);
      started();
      if (refusal.final) break;
      await pause(waitMs, signal);
      waitMs = Math.min(2 * waitMs, longestWaitMs);
    }
    started();
  }

  /**
   * Resolves with the reason if the broker ended the consumer; with undefined if we closed it or the connection ended.
   * Never rejects.
   */
  async #consume(onReady: () => void): Promise<SourceRefusal | undefined> {
    const { connection, destination, options, mayTake, take } = this.#deps;
    try {
      const consumer = connection.consume(destination, options());
      this.#consumer = consumer;
      consumer.ready.then(onReady, () => {});
      while (await mayTake()) {
        const { done, value } = await consumer.next();
        if (done) break;
        await take(value);
      }
      return undefined;
    } catch (thrown) {
      const { code, message: reason, retryable } = MasterSlaveError.from(thrown);
      if (code === "CONNECTION_CLOSED") return undefined;
      const final = !retryable && (code === "UNSUPPORTED" || code === "INVALID_ARGUMENT" || NEVER.test(reason));
      return { destination, reason, final };
    }
  }
}

/** How our adapters word requests that a broker can never fulfil. */
const NEVER = /cannot (do|be done)|not possible|does not do|not-implemented|not supported/i;
