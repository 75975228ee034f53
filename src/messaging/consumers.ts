/** The consumers of a connection: resumed together, interrupted together, drained together. */
import type { MasterSlaveError } from "../errors.ts";
import type { Consumer, ConsumerOwner } from "./consumer.ts";
import type { SettleResult } from "./delivery.ts";
import { HandedOver } from "./handed-over.ts";
import type { MessagingSession } from "./messaging-session.ts";
import type { Suspect } from "./poison-rule.ts";

export class Consumers implements ConsumerOwner {
  readonly #open = new Set<Consumer>();
  readonly #handedOver = new HandedOver();
  readonly #counts = { received: 0, redelivered: 0, settled: 0, stale: 0 };
  readonly #onceSettled = new Set<() => void>();
  #session: MessagingSession | undefined;
  #voided = 0;

  get stats(): {
    consumers: number;
    unsettled: number;
    received: number;
    redelivered: number;
    settled: number;
    stale: number;
  } {
    return { consumers: this.#open.size, unsettled: this.unsettled, ...this.#counts };
  }

  /** How many deliveries are in users' hands and can still be settled. */
  get unsettled(): number {
    let count = 0;
    for (const consumer of this.#open) count += consumer.unsettled;
    return count;
  }

  add(consumer: Consumer): void {
    this.#open.add(consumer);
    if (this.#session) consumer.resume(this.#session);
  }

  suspects(poisonAfter: number): Suspect[] {
    return [...this.#open].filter(({ deaths }) => deaths >= poisonAfter);
  }

  resume(session: MessagingSession): void {
    this.#session = session;
    for (const consumer of this.#open) consumer.resume(session);
  }

  /** The session ended. Returns how many of its deliveries come again. */
  interrupt(): number {
    this.#session = undefined;
    let voided = 0;
    for (const consumer of this.#open) voided += consumer.interrupt();
    this.#voided += voided;
    this.#announce();
    return voided;
  }

  /** What interruptions have voided since this was last asked. */
  takeVoided(): number {
    const voided = this.#voided;
    this.#voided = 0;
    return voided;
  }

  stopIntake(): void {
    for (const consumer of this.#open) consumer.stopIntake();
  }

  /** Resolves when every delivery in users' hands is settled or stale, or `signal` fires. */
  async settled(signal: AbortSignal): Promise<void> {
    while (this.unsettled > 0 && !signal.aborted) await this.#change(signal);
  }

  /** Ends every subscription; resolves when the broker has answered, or `signal` fires. */
  async close(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([aborted, Promise.all([...this.#open].map((consumer) => consumer.close()))]);
  }

  /** The connection is over. */
  end(failure: MasterSlaveError | undefined): void {
    this.#session = undefined;
    for (const consumer of [...this.#open]) consumer.fail(failure);
    this.#announce();
  }

  handedOver(scope: string, id: string | undefined, flagged: boolean): boolean {
    const known = id !== undefined && this.#handedOver.note(scope + id);
    const redelivered = known || flagged;
    this.#counts.received += 1;
    if (redelivered) this.#counts.redelivered += 1;
    return redelivered;
  }

  deliverySettled(result: SettleResult): void {
    this.#counts[result] += 1;
    this.#announce();
  }

  deliveriesVoided(): void {
    this.#announce();
  }

  consumerClosed(consumer: Consumer): void {
    this.#open.delete(consumer);
    this.#announce();
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        signal.removeEventListener("abort", wake);
        this.#onceSettled.delete(wake);
        resolve();
      };
      signal.addEventListener("abort", wake, { once: true });
      this.#onceSettled.add(wake);
    });
  }

  #announce(): void {
    for (const wake of [...this.#onceSettled]) wake();
  }
}
