/** Gives transfers the state that says of which transaction they are part; rhea has none for what it sends. */
import type { Session, Typed } from "rhea";

/** What is touched of a rhea session beyond its typings; transaction.test.ts pins it. */
interface SendingSession extends Session {
  readonly outgoing: { compute_max_payload(tag: Buffer): number | undefined };
  /** A transfer's fields by position. */
  output(frame: { readonly delivery_id?: number; readonly value: unknown[] }, payload?: Buffer): void;
}

/** Where a transfer has its state (AMQP 1.0, 2.7.5). */
const STATE = 7;
/** rhea leaves 50 bytes of a frame for a transfer without one. */
const STATE_BYTES = 256;

export class TransferStates {
  readonly #states = new Map<number, Typed>();

  constructor(session: Session) {
    const amqpSession = session as SendingSession;
    const { outgoing } = amqpSession;
    const maxPayload = outgoing.compute_max_payload.bind(outgoing);
    outgoing.compute_max_payload = (tag) => {
      const bytes = maxPayload(tag);
      return bytes === undefined ? undefined : Math.max(bytes - STATE_BYTES, Math.ceil(bytes / 2));
    };
    const output = amqpSession.output.bind(amqpSession);
    amqpSession.output = (frame, payload) => {
      const state = frame.delivery_id === undefined ? undefined : this.#states.get(frame.delivery_id);
      if (state) frame.value[STATE] = state;
      output(frame, payload);
    };
  }

  /** Before the delivery is written, in the next tick. */
  set(deliveryId: number, state: Typed): void {
    this.#states.set(deliveryId, state);
  }

  delete(deliveryId: number): void {
    this.#states.delete(deliveryId);
  }
}
