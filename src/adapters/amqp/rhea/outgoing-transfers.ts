/**
 * Writes the plain transfers of a rhea session, and handles those that were accepted: rhea makes a buffer and several
 * objects for each transfer, and two events for each outcome. Transfers that are not plain stay with rhea.
 */
import type { AmqpError, Delivery, Session } from "rhea";
import { type Outgoing, type OutgoingDelivery, type RheaSession, sessionInternalsOf } from "./rhea-internals.ts";
import type { TransferState } from "./transactional-state.ts";

export interface TransferTerms {
  /**
   * Writes to the socket, in order with rhea's own writes. The bytes are copied before it returns, or never change
   * again.
   */
  readonly gather: (bytes: Buffer) => void;
  /** The state of a delivery's transfer, which names its transaction. */
  readonly stateOf: (delivery: Delivery) => TransferState | undefined;
  /** Called instead of rhea's events `accepted` and `settled`. */
  readonly onAccepted: (delivery: Delivery) => void;
  /** Called when no transfer is left to write. */
  readonly onAllWritten: () => void;
}

const TAG_BYTES = 4;
/**
 * A placeholder for `send()`: each delivery gets its own tag when it is written. It has the same length, because rhea
 * counts with it.
 */
export const TAG_TO_COME = Buffer.alloc(TAG_BYTES);

const MAX_UINT = 0xffff_ffff;
/** The fields handle, delivery-id, delivery-tag and message-format 0 of a transfer (2.7.5). */
const FIELDS = [...[0x70, 0, 0, 0, 0], ...[0x70, 0, 0, 0, 0], ...[0xa0, TAG_BYTES, 0, 0, 0, 0], 0x43];
/** The fields before the state: settled and more are false, rcv-settle-mode is null. */
const BEFORE_STATE = [0x42, 0x42, 0x40];
const STATE = 7;
const [SIZE_AT, CHANNEL_AT, HANDLE_AT, ID_AT, TAG_AT] = [0, 6, 15, 20, 26];
/** rhea reserves 50 bytes of a frame for a transfer without a state. */
const STATE_BYTES = 256;
const ACCEPTED = "accepted";

/** The reusable heads of transfers. */
class Heads {
  readonly #plain = headOf(undefined);
  #stated = this.#plain;
  #state: TransferState | undefined;

  of(state: TransferState | undefined): Buffer {
    if (state === undefined) return this.#plain;
    if (state !== this.#state) {
      this.#state = state;
      this.#stated = headOf(state.bytes);
    }
    return this.#stated;
  }
}

/** The frame header (2.3.1), then the transfer as a list8, with zeros in place of the numbers to be written. */
function headOf(state: Buffer | undefined): Buffer {
  const fields = state ? [...FIELDS, ...BEFORE_STATE, ...state] : FIELDS;
  const count = state ? STATE + 1 : 4;
  return Buffer.from([...[0, 0, 0, 0, 2, 0, 0, 0], ...[0x00, 0x53, 0x14, 0xc0, fields.length + 1, count], ...fields]);
}

/** Call it before the session sends; everything it sends must use {@link TAG_TO_COME}. */
export function takeOverTransfers(session: Session, terms: TransferTerms): void {
  const amqpSession = sessionInternalsOf(session);
  const { outgoing } = amqpSession;
  const { process } = outgoing;
  const heads = new Heads();
  writeStates(amqpSession, terms);
  outgoing.process = () => {
    writePlain(amqpSession, terms, heads);
    tagRest(outgoing);
    if (outgoing.updated.length > 0) outgoing.updated = takeAccepted(outgoing.updated, terms);
    process.call(outgoing);
    if (outgoing.next_pending_delivery === outgoing.next_delivery_id) terms.onAllWritten();
  };
}

/** Makes the frames that rhea writes itself carry the state, and reserves space for it. */
function writeStates(amqpSession: RheaSession, { stateOf }: TransferTerms): void {
  const { outgoing } = amqpSession;
  const maxPayload = outgoing.compute_max_payload.bind(outgoing);
  outgoing.compute_max_payload = (tag) => {
    const bytes = maxPayload(tag);
    return bytes === undefined ? undefined : Math.max(bytes - STATE_BYTES, Math.ceil(bytes / 2));
  };
  const output = amqpSession.output.bind(amqpSession);
  amqpSession.output = (frame, payload) => {
    const { delivery_id: id } = frame;
    const delivery = id === undefined ? undefined : outgoing.deliveries.by_id(id);
    const state = delivery && stateOf(delivery);
    if (state) frame.value[STATE] = state.typed;
    output(frame, payload);
  };
}

/** Like rhea's own method, up to the first transfer that does not fit into one frame, or has no credit or window. */
function writePlain({ outgoing, local }: RheaSession, { gather, stateOf }: TransferTerms, heads: Heads): void {
  let room = outgoing.transfer_window();
  while (room > 0 && outgoing.next_pending_delivery < outgoing.next_delivery_id) {
    const delivery = outgoing.deliveries.by_id(outgoing.next_pending_delivery);
    if (!delivery || delivery.link.credit <= 0 || !isPlain(delivery)) return;
    writeOne(heads.of(stateOf(delivery)), local.channel, delivery, gather);
    room -= 1;
    outgoing.window -= 1;
    outgoing.next_transfer_id += 1;
    outgoing.next_pending_delivery += 1;
    delivery.link.credit -= 1;
    delivery.link.delivery_count += 1;
  }
}

function isPlain({ id, data, next_to_send: sent, settled }: OutgoingDelivery): boolean {
  return data.length === 1 && sent === 0 && !settled && id <= MAX_UINT;
}

function writeOne(
  head: Buffer,
  channel: number,
  { id, link, data }: OutgoingDelivery,
  gather: (bytes: Buffer) => void,
): void {
  const message = data[0] as Buffer;
  head.writeUInt32BE(head.length + message.length, SIZE_AT);
  head.writeUInt16BE(channel, CHANNEL_AT);
  head.writeUInt32BE(link.local.handle, HANDLE_AT);
  head.writeUInt32BE(id, ID_AT);
  head.writeUInt32BE(id, TAG_AT);
  gather(head);
  gather(message);
}

/** Gives tags to the transfers that rhea may write now. */
function tagRest(outgoing: Outgoing): void {
  const { deliveries, next_pending_delivery: next, next_delivery_id: end } = outgoing;
  const credit = deliveries.by_id(next)?.link.credit ?? 0;
  const most = Math.min(end, next + Math.max(0, Math.min(credit, outgoing.transfer_window())));
  for (let id = next; id < most; id++) {
    const delivery = deliveries.by_id(id);
    if (delivery?.tag === TAG_TO_COME) delivery.tag = tagOf(id);
  }
}

function tagOf(id: number): Buffer {
  const tag = Buffer.alloc(TAG_BYTES);
  tag.writeUInt32BE(id % (MAX_UINT + 1));
  return tag;
}

/** Returns the deliveries that rhea must report. */
function takeAccepted(updated: readonly OutgoingDelivery[], { onAccepted }: TransferTerms): OutgoingDelivery[] {
  const others: OutgoingDelivery[] = [];
  for (const delivery of updated) {
    if (delivery.remote_settled && outcomeOf(delivery) === ACCEPTED) {
      delivery.settled = true;
      onAccepted(delivery);
    } else others.push(delivery);
  }
  return others;
}

function outcomeOf(delivery: OutgoingDelivery): string | undefined {
  const state = delivery.remote_state as object | undefined;
  return (state?.constructor as { readonly composite_type?: string } | undefined)?.composite_type;
}

/**
 * Writes at once what the session has to write; rhea would do it in the next tick. Do not call it from inside rhea's
 * own processing.
 */
export function writeNow(session: Session): void {
  sessionInternalsOf(session)._process();
}

/** The broker's reason for a rejection. */
export function errorOf({ remote_state }: Delivery): AmqpError | undefined {
  const { error }: { error?: AmqpError } = remote_state ?? {};
  return error ?? undefined;
}
