/** A send as part of a transaction: to its link a send like any other, whose outcome the transaction learns first. */
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import type { TransferState } from "../rhea/transactional-state.ts";

/** A send as a link sees it. */
export interface LinkSend extends OutgoingSend {
  /** The state of its transfer: of which transaction of the user's it is part. */
  readonly state?: TransferState | undefined;
}

/** What a transaction has to do with its sends. */
export interface SendWatch {
  /** Nothing more may be written. */
  isOver(): boolean;
  onWritten(): void;
  /** `written`: onWritten was called of it. Told before the sender is. */
  onOutcome(outcome: SendOutcome, written: boolean): void;
  /** Told after the sender is. */
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
