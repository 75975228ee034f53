/**
 * Writes the plain transfers of a rhea session, and takes in those that were accepted: rhea makes a buffer and several
 * objects of each transfer, and two events of each outcome. Whatever is not plain stays with rhea.
 */
import type { Delivery, Session } from "rhea";

/** What is touched of a rhea session beyond its typings; outgoing-transfers.test.ts pins it. */
interface TransferringSession {
  readonly local: { readonly channel: number };
  readonly outgoing: Outgoing;
}

interface Outgoing {
  readonly deliveries: { by_id(id: number): OutgoingDelivery | undefined };
  readonly next_delivery_id: number;
  next_pending_delivery: number;
  next_transfer_id: number;
  window: number;
  updated: OutgoingDelivery[];
  transfer_window(): number;
  process(): void;
}

interface OutgoingDelivery extends Delivery {
  tag: Buffer;
  /** A piece for each frame. */
  readonly data: readonly Buffer[];
  readonly next_to_send: number;
  settled: boolean;
  readonly remote_settled: boolean;
  readonly link: Delivery["link"] & {
    readonly local: { readonly handle: number };
    credit: number;
    delivery_count: number;
  };
}

export interface TransferTerms {
  /** To the socket, in order with what rhea writes; copied before it returns, or not changed any more. */
  readonly gather: (bytes: Buffer) => void;
  /** Whether this delivery's transfer says more than a plain one's. */
  readonly isSpecial: (delivery: Delivery) => boolean;
  /** In place of rhea's events `accepted` and `settled`. */
  readonly onAccepted: (delivery: Delivery) => void;
}

const TAG_BYTES = 4;
/** For `send()`: each delivery gets a tag of its own when it is written. As long as that, for rhea reckons with its length. */
export const TAG_TO_COME = Buffer.alloc(TAG_BYTES);

const MAX_UINT = 0xffff_ffff;
/** Frame header (2.3.1), then a transfer (2.7.5) as a list8 of handle, delivery-id, delivery-tag and message-format 0. */
const HEAD = Buffer.from([
  ...[0, 0, 0, 0, 2, 0, 0, 0],
  ...[0x00, 0x53, 0x14, 0xc0, 18, 4],
  ...[0x70, 0, 0, 0, 0],
  ...[0x70, 0, 0, 0, 0],
  ...[0xa0, TAG_BYTES, 0, 0, 0, 0],
  0x43,
]);
const [SIZE_AT, CHANNEL_AT, HANDLE_AT, ID_AT, TAG_AT] = [0, 6, 15, 20, 26];
const ACCEPTED = "accepted";

/** Call it before the session sends; all it sends is given {@link TAG_TO_COME}. */
export function takeOverTransfers(session: Session, terms: TransferTerms): void {
  const amqpSession = session as unknown as TransferringSession;
  const { outgoing } = amqpSession;
  const { process } = outgoing;
  outgoing.process = () => {
    writePlain(amqpSession, terms);
    tagRest(outgoing);
    if (outgoing.updated.length > 0) outgoing.updated = takeAccepted(outgoing.updated, terms);
    process.call(outgoing);
  };
}

/** As rhea's own, up to the first that is not plain, or that has no credit or window. */
function writePlain({ outgoing, local }: TransferringSession, { gather, isSpecial }: TransferTerms): void {
  let room = outgoing.transfer_window();
  while (room > 0 && outgoing.next_pending_delivery < outgoing.next_delivery_id) {
    const delivery = outgoing.deliveries.by_id(outgoing.next_pending_delivery);
    if (!delivery || delivery.link.credit <= 0 || !isPlain(delivery) || isSpecial(delivery)) return;
    writeOne(local.channel, delivery, gather);
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

function writeOne(channel: number, { id, link, data }: OutgoingDelivery, gather: (bytes: Buffer) => void): void {
  const message = data[0] as Buffer;
  HEAD.writeUInt32BE(HEAD.length + message.length, SIZE_AT);
  HEAD.writeUInt16BE(channel, CHANNEL_AT);
  HEAD.writeUInt32BE(link.local.handle, HANDLE_AT);
  HEAD.writeUInt32BE(id, ID_AT);
  HEAD.writeUInt32BE(id, TAG_AT);
  gather(HEAD);
  gather(message);
}

/** What rhea may write now. */
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

/** Returns those that are rhea's to tell of. */
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
