/**
 * Tells when everything that was sent before is in the broker's store. While an address pages, Artemis 2.55.0 answers a
 * send with a duplicate id outside of a transaction before it is stored (docs/decisions/0021). Pages and journal are
 * each written in order, so a transaction behind the send proves more. Once the transaction's message to the same
 * address is answered, the page of the send is written and its commit is on its way to the journal. Once the
 * transaction is rolled back, which is a journal record too, the commit before it is on the disk. Nothing of the
 * transaction remains.
 */
import { randomUUID } from "node:crypto";
import { type Destination, formatDestination } from "../../../messaging/messages/destination.ts";
import { DUPLICATE_ID_PROPERTY } from "../../../messaging/messages/outgoing-message.ts";
import { headerLines } from "../frames/header-text.ts";
import { addressSend } from "../messages/destination.ts";
import type { BrokerRefusal } from "../opening/refusal.ts";
import { saysNoRoom } from "./sends.ts";
import type { Wire } from "./wire.ts";

/** Waits for the store; one of its methods is called, once. */
export interface StoreWaiter {
  readonly destinations: readonly Destination[];
  /** Everything sent to the destinations before is stored, or was refused. */
  onStored(): void;
  /**
   * The only destination has no room for the barrier, and the broker ends the session: what it answered before is
   * stored.
   */
  onFull(): void;
  /** The session ended first. */
  onSessionEnd(): void;
}

export class StorageBarrier {
  readonly #wire: Wire;
  /** Those that wait for the present barrier, and for the one after it. */
  #passing: StoreWaiter[] = [];
  #waiting: StoreWaiter[] = [];

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Calls the waiter when everything that was sent to its destinations so far is stored or refused. */
  after(waiter: StoreWaiter): void {
    this.#waiting.push(waiter);
    if (this.#passing.length === 0) this.#run();
  }

  #run(): void {
    this.#passing = this.#waiting;
    this.#waiting = [];
    const all = this.#passing.flatMap(({ destinations }) => destinations);
    const distinct = new Map(all.map((destination) => [formatDestination(destination), destination]));
    if (distinct.size > 0) this.#write([...distinct.values()]);
  }

  #write(destinations: readonly Destination[]): void {
    const transaction = `barrier-${randomUUID()}`;
    let unanswered = destinations.length;
    const onReceipt = () => {
      unanswered -= 1;
      // Artemis counts the answers of a transaction: only the last one shows that all are written.
      if (unanswered > 0) return;
      const over = () => this.#end();
      this.#wire.request(
        "ABORT",
        { transaction },
        { onReceipt: () => this.#passed(), onRefused: over, onSessionEnd: over },
      );
    };
    this.#wire.write("BEGIN", { transaction });
    for (const destination of destinations) {
      const onRefused = (refusal: BrokerRefusal) => this.#refused(destination, refusal);
      const waiter = { onReceipt, onRefused, onSessionEnd: () => this.#end() };
      this.#wire.request("SEND", this.#lines(destination, transaction), waiter);
    }
  }

  #passed(): void {
    const passed = this.#passing;
    this.#passing = [];
    for (const { onStored } of passed) onStored();
    if (this.#waiting.length > 0 && this.#passing.length === 0) this.#run();
  }

  /** Any refusal ends the session. */
  #refused(destination: Destination, refusal: BrokerRefusal): void {
    if (saysNoRoom(refusal)) {
      this.#wire.peer.memory.noteRefusing(destination);
      const name = formatDestination(destination);
      const isOnly = ({ destinations }: StoreWaiter) => destinations.every((one) => formatDestination(one) === name);
      const full = this.#passing.filter(isOnly);
      this.#passing = this.#passing.filter((waiter) => !isOnly(waiter));
      for (const { onFull } of full) onFull();
    }
    this.#end();
  }

  #end(): void {
    const all = [...this.#passing, ...this.#waiting];
    this.#passing = [];
    this.#waiting = [];
    for (const { onSessionEnd } of all) onSessionEnd();
  }

  #lines(destination: Destination, transaction: string): string {
    const { dialect, version } = this.#wire.peer;
    const headers = { ...addressSend(destination, dialect), persistent: "true", transaction };
    return headerLines({ ...headers, [DUPLICATE_ID_PROPERTY]: randomUUID() }, version);
  }
}
