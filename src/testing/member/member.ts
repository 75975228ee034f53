/**
 * One member of the embedded group: as a standby it waits for the store's lock, then replays the store and listens as
 * the active one.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UnsupportedError } from "../../errors/errors.ts";
import { AmqpConnection } from "../amqp/amqp-connection.ts";
import { Destinations, type DestinationsStats } from "../destinations/destinations.ts";
import { StompConnection } from "../stomp/stomp-connection.ts";
import { MessageStore } from "../store/message-store.ts";
import type { AcceptConnection } from "./member-connection.ts";
import type { MemberEvent, MemberSettings, TestProtocol } from "./member-settings.ts";
import { type StoredMessageView, viewOf } from "./message-view.ts";
import { ProtocolPort } from "./protocol-port.ts";
import { StoreLock } from "./store-lock.ts";

/** What the active member has, and has done since it became active. */
export interface MemberStats extends DestinationsStats {
  readonly connections: number;
}

const ACCEPT: Readonly<Record<TestProtocol, AcceptConnection>> = {
  stomp: (socket, options) => new StompConnection(socket, options),
  amqp: (socket, options) => new AmqpConnection(socket, options),
};

/** What a member holds; it grows while it becomes active. */
interface Holdings {
  lock: StoreLock | undefined;
  store: MessageStore | undefined;
  destinations: Destinations | undefined;
  readonly ports: ProtocolPort[];
}

type MemberState =
  | { readonly name: "starting" }
  | { readonly name: "active"; readonly destinations: Destinations }
  | { readonly name: "over" };

export class Member {
  readonly #settings: MemberSettings;
  readonly #onEvent: (event: MemberEvent) => void;
  readonly #held: Holdings = { lock: undefined, store: undefined, destinations: undefined, ports: [] };
  readonly #end = new AbortController();
  readonly #started: Promise<void>;
  #state: MemberState = { name: "starting" };
  #over: Promise<void> | undefined;

  /** Starts at once, as a standby. */
  constructor(settings: MemberSettings, onEvent: (event: MemberEvent) => void) {
    this.#settings = settings;
    this.#onEvent = onEvent;
    this.#started = this.#becomeActive().catch((cause: unknown) => {
      if (!this.#end.signal.aborted) this.#fail(cause);
    });
  }

  async #becomeActive(): Promise<void> {
    const { lockPort, lockPollMs, takeoverDelayMs, directory, duplicateDetection } = this.#settings;
    const { signal } = this.#end;
    this.#onEvent({ kind: "standby" });
    this.#held.lock = await StoreLock.acquire({ port: lockPort, pollMs: lockPollMs, signal });
    if (takeoverDelayMs > 0) await sleep(takeoverDelayMs, undefined, { signal });
    const onFailure = (cause: unknown) => this.#fail(cause);
    this.#held.store = await MessageStore.open({ directory, duplicateDetection, onFailure });
    signal.throwIfAborted();
    const destinations = new Destinations(this.#held.store, this.#settings);
    this.#held.destinations = destinations;
    for (const [protocol, port] of Object.entries(this.#settings.ports)) {
      const accept = ACCEPT[protocol as TestProtocol];
      this.#held.ports.push(await ProtocolPort.listen(port, accept, { ...this.#settings, destinations }));
      signal.throwIfAborted();
    }
    this.#state = { name: "active", destinations };
    this.#onEvent({ kind: "active" });
  }

  /** Stops as a broker does on SIGTERM: clients are told, the store is synced, the lock is freed. Idempotent. */
  stop(): Promise<void> {
    this.#over ??= this.#leave(async ({ store, ports }) => {
      await Promise.all(ports.map((port) => port.stop()));
      await store?.close();
    });
    return this.#over;
  }

  /** Ends as after a SIGKILL: sockets end unflushed, unsynced writes are lost, the lock is freed. Idempotent. */
  crash(): Promise<void> {
    this.#over ??= this.#leave(async ({ store, ports }) => {
      // All in one turn, with the store first, so that nothing more is confirmed.
      await Promise.all([store?.abandon(), ...ports.map((port) => port.crash())]);
    });
    return this.#over;
  }

  async #leave(how: (held: Holdings) => Promise<void>): Promise<void> {
    const wasStarting = this.#state.name === "starting";
    this.#state = { name: "over" };
    this.#end.abort();
    if (wasStarting) await this.#started;
    this.#held.destinations?.close();
    await how(this.#held);
    await this.#held.lock?.release();
  }

  #fail(cause: unknown): void {
    if (this.#over) return;
    this.#onEvent({ kind: "failed", reason: cause instanceof Error ? cause.message : String(cause) });
    void this.crash().catch(() => {});
  }

  /** @throws UnsupportedError unless active. */
  stats(): MemberStats {
    const { destinations } = this.#active();
    const { ports } = this.#held;
    return { connections: ports.reduce((sum, port) => sum + port.connections, 0), ...destinations.stats() };
  }

  /** The messages of a queue in order, without settled ones. @throws UnsupportedError unless active. */
  messages(queue: string): StoredMessageView[] {
    return this.#active()
      .destinations.queueEntries(queue)
      .map(({ entry, unsettled }) => viewOf(entry, unsettled));
  }

  #active(): Extract<MemberState, { name: "active" }> {
    if (this.#state.name !== "active")
      throw new UnsupportedError("Only the active member can be asked; this one is standby");
    return this.#state;
  }
}
