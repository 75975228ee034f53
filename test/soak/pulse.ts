/** A connection that sends all the time, so that its confirmations tell when the service was there for a user of it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import { now } from "../network/lab/shared-clock.ts";

const EVERY_MS = 100;

export interface PulseReport {
  readonly sent: number;
  readonly rejections: readonly string[];
  /** By the clock that every process reads. */
  readonly confirmedAtMs: readonly number[];
}

export class Pulse {
  readonly #connection: Connection;
  readonly #destination: string;
  readonly #confirmedAtMs: number[] = [];
  readonly #rejections: string[] = [];
  readonly #sending: Promise<void>;
  #running = true;
  #sent = 0;

  /** Starts at once. Nobody need read the destination: a topic stores nothing. */
  constructor(connection: Connection, destination: string) {
    this.#connection = connection;
    this.#destination = destination;
    this.#sending = this.#beat();
  }

  /** Resolves when what was sent has settled, or the connection was closed. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#sending;
  }

  get report(): PulseReport {
    return { sent: this.#sent, rejections: this.#rejections, confirmedAtMs: this.#confirmedAtMs };
  }

  async #beat(): Promise<void> {
    const open = new Set<Promise<void>>();
    while (this.#running) {
      const send = this.#send().finally(() => open.delete(send));
      open.add(send);
      await sleep(EVERY_MS);
    }
    await Promise.all(open);
  }

  async #send(): Promise<void> {
    this.#sent += 1;
    try {
      await this.#connection.send(this.#destination, "pulse");
      this.#confirmedAtMs.push(now());
    } catch (reason) {
      this.#rejections.push(String(reason));
    }
  }
}
