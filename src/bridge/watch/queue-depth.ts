/** How many messages a queue holds, if the broker reports it. */
import { textOf } from "../../errors/text-of.ts";
import { artemisQueues } from "./artemis-management.ts";
import type { WatchedGroup } from "./watched-group.ts";

export interface QueueDepth {
  readonly messages: number;
  /** The number of messages that consumers have and have not settled. */
  readonly delivering: number;
  readonly consumers: number;
}

const TIMEOUT_MS = 5_000;
/** A queue that exists on every Artemis broker, to ask about. */
const ANY_QUEUE = "DLQ";

/**
 * Artemis reports depths by its management address, Classic by its statisticsBrokerPlugin, both over AMQP only. Over
 * STOMP, Classic's answer has no body, and Artemis ends the session of a user without the permission.
 */
export class QueueDepths {
  readonly #group: WatchedGroup;
  /** Determined once: without the plugin, each question to Classic would create a queue. */
  #told: Promise<string | undefined> | undefined;

  constructor(group: WatchedGroup) {
    this.#group = group;
  }

  /** Resolves with the reason why the broker reports no depths; undefined when it reports them. Never rejects. */
  whyNot(): Promise<string | undefined> {
    this.#told ??= this.#ask();
    return this.#told;
  }

  /**
   * Resolves with `"none"` for a queue that does not exist, and with undefined if the broker does not report depths.
   * Never rejects.
   */
  async of(name: string): Promise<QueueDepth | "none" | undefined> {
    if ((await this.whyNot()) !== undefined) return undefined;
    try {
      if (this.#group.connection.broker?.product === "artemis") return await this.#ofArtemis(name);
      const { size, inflightCount, consumerCount } = await this.#statistics(`Destination.${name}`);
      return { messages: Number(size), delivering: Number(inflightCount), consumers: Number(consumerCount) };
    } catch {
      return undefined;
    }
  }

  async #ask(): Promise<string | undefined> {
    const { protocol, connection } = this.#group;
    const { product } = connection.broker ?? { product: "unknown" };
    if (protocol !== "amqp")
      return "over STOMP no broker tells how many messages a queue holds: give the group its AMQP ports";
    try {
      if (product === "artemis") await artemisQueues(this.#group, ANY_QUEUE);
      else if (product === "activemq") await this.#statistics("Broker");
      else return `${product} has no depths that this package knows how to ask for`;
      return undefined;
    } catch (reason) {
      const said = textOf(reason);
      return product === "artemis"
        ? `its management does not answer (${said}): let the user send to activemq.management and manage it`
        : `its statistics do not answer (${said}): add <statisticsBrokerPlugin/> to the broker's plugins`;
    }
  }

  async #ofArtemis(name: string): Promise<QueueDepth | "none"> {
    const [queue] = await artemisQueues(this.#group, name);
    if (!queue) return "none";
    const { messages, delivering, scheduled, consumers } = queue;
    return { messages: messages - scheduled, delivering, consumers };
  }

  async #statistics(what: string): Promise<Readonly<Record<string, unknown>>> {
    const reply = await this.#group.connection.request(`queue://ActiveMQ.Statistics.${what}`, "", {
      persistent: false,
      temporary: true,
      timeoutMs: TIMEOUT_MS,
      ttlMs: TIMEOUT_MS,
    });
    return reply.json();
  }
}
