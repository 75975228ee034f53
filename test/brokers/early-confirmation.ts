/**
 * Kills the active member at the moment when a send is confirmed. The brokers of this group write to their disk late,
 * so a message that is confirmed before it is stored is lost nearly every time instead of now and then.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../src/messaging/connection/connection.ts";
import type { SendOptions } from "../../src/messaging/sending/call-options.ts";
import { type RealGroup, startGroup } from "./real-group.ts";

/** How long Artemis keeps journal records in memory: thirty times as long as usual. */
const JOURNAL_DELAY_NS = 100_000_000;

export function startSlowJournalGroup(): Promise<RealGroup> {
  return startGroup("artemis", { jvmOptions: [`-DJOURNAL_BUFFER_TIMEOUT=${JOURNAL_DELAY_NS}`] });
}

/** Kills the active member when `moment` resolves, and starts it again as the standby of the other. */
export async function killAt(group: RealGroup, moment: Promise<unknown>): Promise<void> {
  const active = await group.waitActive();
  await moment;
  await group.kill(active);
  await group.waitActive();
  await group.start(active);
}

/** The message with this number, and its destination. */
export type Numbered = (n: number) => { readonly to: string; readonly options?: SendOptions };

/** Lanes that send numbered messages one after the other and record which were confirmed. */
export class NumberedLanes {
  readonly confirmed: number[] = [];
  readonly rejections: unknown[] = [];
  readonly #connection: Connection;
  readonly #numbered: Numbered;
  readonly #lanes: Promise<unknown>;
  #next = 0;
  #running = true;
  #onConfirmed = () => {};

  constructor(connection: Connection, lanes: number, numbered: Numbered) {
    this.#connection = connection;
    this.#numbered = numbered;
    this.#lanes = Promise.all(Array.from({ length: lanes }, () => this.#lane()));
  }

  /** Resolves with the next confirmation, in the same turn of the event loop. */
  nextConfirmation(): Promise<void> {
    return new Promise((resolve) => {
      this.#onConfirmed = resolve;
    });
  }

  /** Resolves when every send has settled. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#lanes;
  }

  async #lane(): Promise<void> {
    while (this.#running) {
      const n = this.#next++;
      const { to, options } = this.#numbered(n);
      try {
        await this.#connection.send(to, `${n}`, options);
        this.confirmed.push(n);
        this.#onConfirmed();
      } catch (reason) {
        this.rejections.push(reason);
        await sleep(10);
      }
    }
  }
}

/** Takes all messages out of a queue and returns their numbers in order. */
export async function drainNumbers(connection: Connection, queue: string): Promise<number[]> {
  const consumer = connection.consume(queue);
  await consumer.ready;
  const numbers: number[] = [];
  for (;;) {
    const delivery = await consumer.receive({ timeoutMs: 2_000 });
    if (!delivery) break;
    numbers.push(Number(delivery.message.text()));
    await delivery.accept();
  }
  await consumer.close();
  return numbers;
}
