/**
 * The transfers and dispositions of a receiving session: messages stay encoded, and dispositions are written when we
 * ask.
 */
import type { Delivery, Receiver, Session } from "rhea";
import { MessagePieces } from "./message-pieces.ts";
import {
  type Frame,
  type IncomingDelivery,
  linkInternalsOf,
  sessionInternalsOf,
  type TransferFields,
} from "./rhea-internals.ts";

/** An unused message format: rhea passes on the bytes of any format other than AMQP's own, 0. */
export const STILL_ENCODED = 0xffff_ffff;

export interface IncomingTransfersDeps {
  /** Only the head of a larger message is kept. */
  readonly maxMessageBytes: number;
  /**
   * Called before each transfer: with whether it aborts its delivery (AMQP 1.0, 2.7.5), and with the size of the
   * message that ends with it, if only its head was kept; otherwise 0.
   */
  readonly onTransfer: (aborted: boolean, bytesTooLarge: number) => void;
}

/**
 * Passes on messages as bytes, and removes each complete delivery from rhea's buffer of incoming deliveries. rhea frees
 * that buffer, which is the session's window, from the oldest unsettled delivery on, so one delivery held for long
 * would block all others. With this, an unsettled delivery costs one credit of its link and nothing else.
 */
export function takeOverIncoming(session: Session, { maxMessageBytes, onTransfer }: IncomingTransfersDeps): void {
  const internals = sessionInternalsOf(session);
  const { incoming } = internals;
  const receive = internals.on_transfer.bind(internals);
  let pieces: MessagePieces | undefined;
  /** Joins the transfer's payload to those before it. Returns the message's size if it is too large. */
  const join = (frame: Frame<TransferFields>): number => {
    const { performative, payload } = frame;
    if (!pieces) {
      const whole = payload?.length ?? 0;
      if (!performative.more && whole <= maxMessageBytes) return 0;
      pieces = new MessagePieces(maxMessageBytes);
    }
    if (payload) pieces.add(payload);
    frame.payload = undefined;
    if (performative.more) return 0;
    const { size } = pieces;
    const bytes = pieces.take();
    pieces = undefined;
    const begun = internals.remote.handles[performative.handle]?._incomplete;
    if (begun) begun.frames = [bytes];
    else frame.payload = bytes;
    return size > maxMessageBytes ? size : 0;
  };
  internals.on_transfer = (frame) => {
    const { performative } = frame;
    if (!performative.message_format) performative.message_format = STILL_ENCODED;
    const bytesTooLarge = join(frame);
    onTransfer(performative.aborted === true, bytesTooLarge);
    receive(frame);
    incoming.deliveries.pop_if(isWhole);
    // rhea extends the window only when it is called for something else, such as a settlement.
    if (incoming.max_transfer_id - incoming.next_transfer_id < incoming.window / 2) internals.connection._register();
  };
}

function isWhole({ incomplete }: IncomingDelivery): boolean {
  return !incomplete;
}

/** Writes the dispositions of everything settled so far, in frames of their own. */
export function writeDispositions(session: Session): void {
  const internals = sessionInternalsOf(session);
  internals.incoming.process(internals);
}

/** Settles a delivery that the peer has aborted: the peer has settled it already, and rhea would answer. */
export function forgetAborted(delivery: Delivery): void {
  Object.assign(delivery, { remote_settled: true });
  delivery.update(true);
}

/** What the peer has left of the credit that a receiver granted. */
export function creditLeft(receiver: Receiver): number {
  return linkInternalsOf(receiver).credit;
}
