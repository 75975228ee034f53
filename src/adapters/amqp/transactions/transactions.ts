/** The transactions of one session. While a transaction lasts, no other one uses its coordinator. */
import type { MasterSlaveError } from "../../../errors/errors.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { Coordinator } from "./coordinator.ts";
import { AmqpTransaction, type TransactionalSends } from "./transaction.ts";

/** Idle coordinators beyond this number are closed. */
const MAX_IDLE = 8;

export class Transactions {
  readonly #context: SessionDeps;
  readonly #sends: TransactionalSends;
  readonly #open = new Set<AmqpTransaction>();
  readonly #idle: Coordinator[] = [];
  #ended: MasterSlaveError | undefined;

  constructor(context: SessionDeps, sends: TransactionalSends) {
    this.#context = context;
    this.#sends = sends;
  }

  begin(): AmqpTransaction {
    const coordinator = this.#context.isOver() ? undefined : this.#takeCoordinator();
    const transaction = new AmqpTransaction(this.#context, this.#sends, coordinator, () => {
      this.#open.delete(transaction);
      if (coordinator) this.#keep(coordinator);
    });
    this.#open.add(transaction);
    if (this.#ended) transaction.end(this.#ended);
    return transaction;
  }

  /** The session is over, and every transaction with it. */
  end(error: MasterSlaveError): void {
    this.#ended = error;
    for (const transaction of this.#open) transaction.end(error);
    this.#open.clear();
    this.#idle.length = 0;
  }

  #takeCoordinator(): Coordinator {
    while (this.#idle.length > 0) {
      const idle = this.#idle.pop();
      if (idle?.usable) return idle;
    }
    return new Coordinator(this.#context);
  }

  #keep(coordinator: Coordinator): void {
    coordinator.onGone = () => {};
    if (this.#ended || !coordinator.usable) return;
    if (this.#idle.length < MAX_IDLE) this.#idle.push(coordinator);
    else this.#context.guard(() => coordinator.close())();
  }
}
