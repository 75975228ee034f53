/**
 * Finds out whether another bridge knows a group under a different name: then the path of messages would not end their
 * loops.
 */
import { randomUUID } from "node:crypto";
import { MasterSlaveError } from "../../errors/errors.ts";
import { printableLine } from "../../errors/printable.ts";
import type { Warn, WatchedGroup } from "./watched-group.ts";

/** A topic keeps no messages, and no wildcard of a link forwards this one. */
const TOPIC = "topic://masterslave.canary";
const NAME = "MasterslaveGroup";
const BRIDGE = "MasterslaveBridge";
const LIFE_MS = 30_000;

/**
 * The names that one bridge gives to its groups. If many links use a group, only one of them announces its name and
 * listens.
 */
export class GroupNames {
  readonly #bridge = randomUUID();
  readonly #taken = new Set<string>();

  /** Returns a caller for the first link of a group that asks, and undefined for the others. */
  callerOf(group: WatchedGroup, warn: Warn): NameCaller | undefined {
    if (this.#taken.has(group.name)) return undefined;
    this.#taken.add(group.name);
    return new NameCaller(group, this.#bridge, warn);
  }
}

/** Announces the name of a group in that group at every interval, and listens for the names that others announce. */
export class NameCaller {
  readonly #group: WatchedGroup;
  readonly #bridge: string;
  readonly #warn: Warn;
  readonly #ending = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #listening = false;

  constructor(group: WatchedGroup, bridge: string, warn: Warn) {
    this.#group = group;
    this.#bridge = bridge;
    this.#warn = warn;
  }

  /** If the broker refuses the topic it is not asked again, and no other name is heard. */
  start(intervalMs: number): void {
    this.#timer = setInterval(() => void this.#call(), intervalMs);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#ending.abort();
  }

  async #call(): Promise<void> {
    const { connection, id } = this.#group;
    if (connection.endpoint === undefined) return;
    try {
      if (!this.#listening) {
        this.#listening = true;
        const consumer = connection.consume(TOPIC, { prefetch: 100, signal: this.#ending.signal });
        void this.#listen(consumer);
        await consumer.ready;
      }
      const properties = { [NAME]: id, [BRIDGE]: this.#bridge };
      const { signal } = this.#ending;
      await connection.send(TOPIC, id, { persistent: false, ttlMs: LIFE_MS, properties, signal });
    } catch (thrown) {
      this.#refused(thrown);
    }
  }

  async #listen(consumer: ReturnType<WatchedGroup["connection"]["consume"]>): Promise<void> {
    try {
      for await (const delivery of consumer) {
        const { [NAME]: heard } = delivery.message.properties;
        await delivery.accept();
        if (typeof heard === "string" && heard !== this.#group.id) this.#tell(heard);
      }
    } catch (thrown) {
      this.#refused(thrown);
    }
  }

  #tell(heard: string): void {
    const { id, name } = this.#group;
    const said = printableLine(heard, MAX_NAME);
    const message = `another bridge, or another group of this one, calls the broker of ${name} "${said}", and here it is "${id}": messages that return are not known by their path. Give both the same groups.${name}.id`;
    this.#warn({ group: name, code: "GROUP_HAS_TWO_NAMES", message });
  }

  #refused(thrown: unknown): void {
    const { code, message: reason } = MasterSlaveError.from(thrown);
    if (this.#ending.signal.aborted || ["SEND_EXPIRED", "CONNECTION_CLOSED"].includes(code)) return;
    this.close();
    const message = `whether ${this.#group.name} has another name elsewhere cannot be told: ${reason}`;
    this.#warn({ group: this.#group.name, code: "GROUP_NAMES_UNKNOWN", message });
  }
}

/** The longest name that is read: anybody may publish on this topic. */
const MAX_NAME = 64;
