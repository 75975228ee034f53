/** A send as part of a transaction: to its link a send like any other, but its transaction learns the outcome first. */
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import type { TransferState } from "../rhea/transactional-state.ts";

/** A send as a link sees it. */
export interface LinkSend extends OutgoingSend {
  /** The state of its transfer: the user's transaction that it is part of. */
  readonly state?: TransferState | undefined;
}

/** The callbacks by which a transaction watches its sends. */
export interface SendWatch {
  /** Whether nothing more may be written. */
  isOver(): boolean;
  onWritten(): void;
  /** `written`: the send's onWritten was called. Called before the sender is told. */
  onOutcome(outcome: SendOutcome, written: boolean): void;
  /** Called after the sender is told. */
  onAnswered(): void;
}

export class TransactionalSend implements LinkSend {
  readonly destination: OutgoingSend["destination"];
  readonly message: OutgoingSend["message"];
  readonly state: TransferState;
  readonly #send: OutgoingSend;
  readonly #watch: SendWatch;
  #written = false;

  constructor(send: OutgoingSend, state: TransferState, watch: SendWatch) {
    this.destination = send.destination;
    this.message = send.message;
    this.state = state;
    this.#send = send;
    this.#watch = watch;
  }

  get abandoned(): boolean {
    return this.#send.abandoned || this.#watch.isOver();
  }

  get inDoubt(): boolean {
    return this.#send.inDoubt;
  }

  get encoded(): unknown {
    return this.#send.encoded;
  }

  set encoded(encoding: unknown) {
    this.#send.encoded = encoding;
  }

  onWritten(): void {
    this.#written = true;
    this.#watch.onWritten();
    this.#send.onWritten();
  }

  onOutcome(outcome: SendOutcome): void {
    this.#watch.onOutcome(outcome, this.#written);
    this.#send.onOutcome(outcome);
    this.#watch.onAnswered();
  }
}
