/** The transfers and dispositions of a session that receives: their bytes are kept encoded, their outcomes written at will. */
import type { Delivery, Receiver, Session } from "rhea";
import { MessagePieces } from "./message-pieces.ts";
import {
  type Frame,
  type IncomingDelivery,
  linkInternalsOf,
  sessionInternalsOf,
  type TransferFields,
} from "./rhea-internals.ts";

/** A message format of nobody's: rhea hands over the bytes of any format but AMQP's own, 0. */
export const STILL_ENCODED = 0xffff_ffff;

export interface IncomingTransfersDeps {
  /** Of a larger message no more than a head is kept. */
  readonly maxMessageBytes: number;
  /**
   * Told before each transfer whether it takes its delivery back (AMQP 1.0, 2.7.5), and how many bytes the message has that
   * ends with it, where only its head was kept; 0 otherwise.
   */
  readonly onTransfer: (aborted: boolean, bytesTooLarge: number) => void;
}

/**
 * Hands over messages as bytes, and takes each delivery out of rhea's buffer of incoming deliveries as soon as it is whole:
 * rhea frees that buffer, which is the session's window, from the oldest unsettled delivery on, and one that is held for
 * long would stop all others. So an unsettled delivery costs one credit of its link and nothing else.
 */
export function takeOverIncoming(session: Session, { maxMessageBytes, onTransfer }: IncomingTransfersDeps): void {
  const internals = sessionInternalsOf(session);
  const { incoming } = internals;
  const receive = internals.on_transfer.bind(internals);
  let pieces: MessagePieces | undefined;
  /** Keeps the transfer's payload with those before it. Returns the message's size where it is too large. */
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
    // rhea opens the window further only when it is called for something else, such as a settlement.
    if (incoming.max_transfer_id - incoming.next_transfer_id < incoming.window / 2) internals.connection._register();
  };
}

function isWhole({ incomplete }: IncomingDelivery): boolean {
  return !incomplete;
}

/** Writes the dispositions of what was settled so far, in frames of their own. */
export function writeDispositions(session: Session): void {
  const internals = sessionInternalsOf(session);
  internals.incoming.process(internals);
}

/** Settles a delivery that the peer has taken back: the peer has settled it, and rhea would answer. */
export function forgetAborted(delivery: Delivery): void {
  Object.assign(delivery, { remote_settled: true });
  delivery.update(true);
}

/** What the peer has left of the credit that a receiver granted. */
export function creditLeft(receiver: Receiver): number {
  return linkInternalsOf(receiver).credit;
}
