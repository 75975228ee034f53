/**
 * The links of one AMQP session at the null server: one receives and confirms the client's messages, the other sends it
 * messages as its credit allows.
 */
import { acceptedMaker, flow, type Template, transfers, transferTemplate } from "./amqp-answers.ts";

/** The credit that Classic and Artemis grant, and when Artemis grants more (`amqpCredits`, `amqpLowCredits`). */
const CREDIT = 1_000;
const LOW_CREDIT = 300;
/** The most messages in one write. */
const BATCH = 256;

/** The transfer numbers of one session: AMQP 1.0, 2.5.6. */
export interface SessionState {
  readonly channel: number;
  nextIncomingId: number;
  nextOutgoingId: number;
  /** Transfers up to this id fit into the client's window. */
  windowEnd: number;
}

/** Receives a client's messages. */
export class TakingLink {
  readonly #session: SessionState;
  readonly #handle: number;
  readonly #accepted: (id: number) => Buffer;
  #deliveryCount = 0;
  #credit = 0;
  /** The id of a delivery of which further transfers follow. */
  #open: number | undefined;

  constructor(session: SessionState, handle: number) {
    this.#session = session;
    this.#handle = handle;
    this.#accepted = acceptedMaker(session.channel);
  }

  /** Grants credit when little is left. */
  grant(): Buffer | undefined {
    if (this.#credit > LOW_CREDIT) return undefined;
    this.#credit = CREDIT;
    const { channel, nextIncomingId, nextOutgoingId } = this.#session;
    const numbers = { nextIncomingId, nextOutgoingId, handle: this.#handle };
    return flow(channel, { ...numbers, deliveryCount: this.#deliveryCount, credit: CREDIT });
  }

  /** Handles one transfer. Returns the disposition once the delivery is complete, unless it was sent settled. */
  take(deliveryId: number | undefined, settled: boolean, more: boolean): Buffer | undefined {
    const id = deliveryId ?? this.#open ?? 0;
    this.#open = more ? id : undefined;
    if (more) return undefined;
    this.#deliveryCount += 1;
    this.#credit -= 1;
    return settled ? undefined : this.#accepted(id);
  }
}

/** Sends messages to a client. */
export class FeedingLink {
  readonly #session: SessionState;
  readonly #handle: number;
  readonly #template: Template;
  #deliveryCount = 0;
  /** The delivery count at which the credit is used up. */
  #limit = 0;
  #draining = false;

  constructor(session: SessionState, handle: number, bodyBytes: number) {
    this.#session = session;
    this.#handle = handle;
    this.#template = transferTemplate(session.channel, handle, bodyBytes);
  }

  grant(deliveryCount: number, credit: number, drain: boolean): void {
    this.#limit = deliveryCount + credit;
    this.#draining = drain;
  }

  /**
   * Returns the next messages that credit and window allow, or the flow that ends a drain; undefined when there is
   * nothing to send.
   */
  next(): Buffer | undefined {
    const session = this.#session;
    const count = Math.min(BATCH, this.#limit - this.#deliveryCount, session.windowEnd - session.nextOutgoingId);
    if (count > 0) return this.#transfers(count);
    if (!this.#draining || this.#limit > this.#deliveryCount) return undefined;
    this.#draining = false;
    const { channel, nextIncomingId, nextOutgoingId } = session;
    const numbers = { nextIncomingId, nextOutgoingId, handle: this.#handle };
    return flow(channel, { ...numbers, deliveryCount: this.#deliveryCount, credit: 0, drain: true });
  }

  #transfers(count: number): Buffer {
    const frames = transfers(this.#template, this.#session.nextOutgoingId, this.#deliveryCount, count);
    this.#session.nextOutgoingId += count;
    this.#deliveryCount += count;
    return frames;
  }
}
