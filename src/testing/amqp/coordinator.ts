/**
 * The transactions of one AMQP connection, and the links on which they are declared and discharged (AMQP 1.0 part 4).
 */
import type { Delivery, EventContext, Receiver, Session } from "rhea";
import type { Destinations } from "../destinations/destinations.ts";
import { Refusal } from "../destinations/refusal.ts";
import { Transaction } from "../destinations/transaction.ts";
import { settleApart } from "./rhea/rhea-server.ts";
import { answerCoordinator, declared, readCoordinatorRequest } from "./rhea/transaction-frames.ts";

const CREDIT = 100;

interface Declared {
  readonly transaction: Transaction;
  readonly coordinator: Receiver;
}

export interface CoordinatorsOptions {
  readonly destinations: Destinations;
  /** Whether the connection can still be answered. */
  readonly isLive: () => boolean;
  /** Settles what the client settled before the discharge that was just read. */
  readonly settleRead: () => void;
}

export class Coordinators {
  readonly #options: CoordinatorsOptions;
  readonly #open = new Map<string, Declared>();
  #declared = 0;

  constructor(options: CoordinatorsOptions) {
    this.#options = options;
  }

  serve(receiver: Receiver): void {
    answerCoordinator(receiver);
    receiver.add_credit(CREDIT);
    receiver.on("message", ({ message, delivery }: EventContext) => {
      if (!delivery) return;
      receiver.add_credit(1);
      try {
        // The bytes as sent: see keepTransfersEncoded.
        const encoded: unknown = message;
        if (!Buffer.isBuffer(encoded)) throw new Refusal("amqp:decode-error", "The transfer has no payload");
        this.#carryOut(receiver, delivery, encoded);
      } catch (cause) {
        const { condition, message: description } = Refusal.from(cause);
        this.#answer(receiver, () => delivery.reject({ condition, description }));
      }
    });
    receiver.on("receiver_close", () => this.rollbackOf(({ coordinator }) => coordinator === receiver));
  }

  #carryOut(receiver: Receiver, delivery: Delivery, encoded: Buffer): void {
    const request = readCoordinatorRequest(encoded);
    if (request.kind === "declare") {
      const id = `${++this.#declared}`;
      this.#open.set(id, { transaction: new Transaction(this.#options.destinations), coordinator: receiver });
      this.#answer(receiver, () => delivery.update(true, declared(id)));
      return;
    }
    this.#options.settleRead();
    const transaction = this.get(request.id);
    this.#open.delete(request.id);
    const done = () => this.#answer(receiver, () => delivery.accept());
    if (request.fail) {
      transaction.rollback();
      this.#options.destinations.afterSends(done);
    } else transaction.commit(done);
  }

  #answer(receiver: Receiver, answer: () => void): void {
    if (this.#options.isLive() && receiver.is_open()) settleApart(receiver, answer);
  }

  /** @throws Refusal */
  get(id: string): Transaction {
    const open = this.#open.get(id);
    if (open) return open.transaction;
    throw new Refusal("amqp:transaction:unknown-id", `There is no transaction "${id}" on this connection`);
  }

  find(id: string): Transaction | undefined {
    return this.#open.get(id)?.transaction;
  }

  /** Rolls back the transactions of a coordinator that ends (AMQP 1.0 section 4.3). */
  rollbackOf(concerns: (declared: Declared) => boolean): void {
    for (const [id, one] of this.#open) {
      if (!concerns(one)) continue;
      this.#open.delete(id);
      one.transaction.rollback();
    }
  }

  /** Ends those of one session, or all. */
  end(session?: Session): void {
    this.rollbackOf(({ coordinator }) => !session || coordinator.session === session);
  }
}
