/** The receiver link of one subscription, on an AMQP session of its own. */
import type { AmqpError, Delivery, EventContext, Receiver, Session } from "rhea";
import type { SessionDeps } from "../opening/session-deps.ts";
import { creditLeft, forgetAborted, takeOverIncoming } from "../rhea/incoming-transfers.ts";
import type { AttachTerms } from "./source.ts";

/** How many transfers the broker may send ahead; rhea extends this window when half of it is used. */
const WINDOW = 8192;

/** What the broker does with the link. */
export interface ReceiverEvents {
  onAttach(receiver: Receiver): void;
  /** The link or its AMQP session is gone, because we or the broker ended it. */
  onDetach(error: AmqpError | Error | undefined): void;
  onDrained(): void;
  onMessage(bytes: unknown, delivery: Delivery): void;
  /** A message of `size` bytes, more than `maxMessageBytes`, of which only the `head` was kept. */
  onTooLarge(head: unknown, size: number, delivery: Delivery): void;
  /** The broker aborted a delivery of which a part had come. */
  onAborted(): void;
}

export class ReceiverLink {
  readonly amqpSession: Session;
  readonly receiver: Receiver;
  readonly #outlivesLink: boolean;
  /** Whether the present transfer aborts its delivery, which rhea would deliver truncated. */
  #aborted = false;
  /**
   * The size of the message that the present transfer ends, if it is too large and only its head was kept; otherwise 0.
   */
  #bytesTooLarge = 0;

  /** Attaches at once, without credit. */
  constructor(
    { connection, guard, maxMessageBytes }: SessionDeps,
    { source, name, properties, outlivesLink }: AttachTerms,
    events: ReceiverEvents,
  ) {
    this.#outlivesLink = outlivesLink;
    this.amqpSession = connection.create_session({ incoming: WINDOW });
    takeOverIncoming(this.amqpSession, {
      maxMessageBytes,
      onTransfer: (aborted, bytesTooLarge) => {
        this.#aborted = aborted;
        this.#bytesTooLarge = bytesTooLarge;
      },
    });
    this.amqpSession.on(
      "session_close",
      guard(() => events.onDetach(this.amqpSession.error)),
    );
    this.amqpSession.begin();
    this.receiver = this.amqpSession.attach_receiver({
      ...(name !== undefined && { name }),
      ...(properties && { properties }),
      source,
      snd_settle_mode: 0,
      max_message_size: maxMessageBytes,
      autoaccept: false,
      credit_window: 0,
    });
    const on = (event: string, work: (context: EventContext) => void) => this.receiver.on(event, guard(work));
    on("receiver_open", () => events.onAttach(this.receiver));
    on("receiver_close", () => events.onDetach(this.receiver.error));
    on("receiver_drained", () => events.onDrained());
    on("message", ({ message, delivery }) => {
      if (!delivery) return;
      if (this.#aborted) {
        forgetAborted(delivery);
        events.onAborted();
      } else if (this.#bytesTooLarge > 0) events.onTooLarge(message, this.#bytesTooLarge, delivery);
      else events.onMessage(message, delivery);
    });
  }

  /** The credit that the broker has left, by our own count. */
  get credit(): number {
    return creditLeft(this.receiver);
  }

  /** Detaches or closes the link; closing the link of a durable subscription would delete it. */
  leave(): void {
    if (this.#outlivesLink) this.receiver.detach();
    else this.receiver.close();
  }
}
