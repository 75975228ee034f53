/** Writes sends as SEND frames with a receipt each; the broker's answer is the outcome. */
import { formatAddress, MasterSlaveError, MessageTooLargeError, SendRejectedError } from "../../../errors/errors.ts";
import { formatDestination } from "../../../messaging/messages/destination.ts";
import { checkBodyKept } from "../../../messaging/messages/message-body.ts";
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import { headerLines } from "../frames/header-text.ts";
import type { EncodedSend } from "../messages/encoded-send.ts";
import { scheduleHeaders } from "../messages/message.ts";
import type { Peer } from "../opening/peer.ts";
import { type BrokerRefusal, saysTooLarge } from "../opening/refusal.ts";
import type { ReceiptWaiter } from "./receipt-waiters.ts";
import type { SessionSends, Wire } from "./wire.ts";

const CONFIRMED: SendOutcome = { kind: "confirmed" };

/** How a send is written, and hooks that are called before the send gets its outcome. */
export interface SendTerms {
  /** The id of the transaction, if any. */
  readonly transaction?: string;
  /** The receipt alone does not confirm the send: whoever set this reports the confirmation later. */
  readonly confirmedLater?: true;
  onConfirmed(): void;
  onFailed?(error: MasterSlaveError): void;
  /** The session ended before the answer. */
  onSessionEnd?(): void;
}

/** Writes the send at once; its outcome comes with the receipt. Returns whether it will get an outcome. */
export function writeSend(wire: Wire, send: OutgoingSend, terms: SendTerms): boolean {
  if (send.abandoned || !wire.open) return false;
  const encoded = encodedFor(wire, send);
  if (encoded instanceof MasterSlaveError) {
    // In a microtask, because the caller has not returned from its own call yet.
    queueMicrotask(() => wire.guard(() => failSend(send, encoded, terms)));
    return true;
  }
  wire.request(
    "SEND",
    sendLines(wire.peer, send, encoded, terms.transaction),
    new SentMessage(wire, send, terms),
    encoded.body,
  );
  send.onWritten();
  return true;
}

/** The header lines of a SEND, with those that are new at each write. */
export function sendLines(
  peer: Peer,
  { message }: OutgoingSend,
  { lines }: EncodedSend,
  transaction: string | undefined,
): string {
  const { dialect, version, memory } = peer;
  if (message.expiresAtMs !== undefined) memory.clock.noteTimeToLive(peer);
  const delay = message.deliverAtMs === undefined ? "" : headerLines(scheduleHeaders(message, dialect), version);
  return transaction === undefined ? lines + delay : `${lines}${delay}transaction:${transaction}\n`;
}

/** The sends of a session without groups: each is written at once, with a receipt of its own. */
export class SingleSends implements SessionSends {
  readonly expectsMore = false;
  readonly awaitsUnnamed = false;
  readonly #wire: Wire;
  readonly #terms: SendTerms;

  constructor(wire: Wire, onConfirmed: () => void) {
    this.#wire = wire;
    this.#terms = { onConfirmed };
  }

  send(send: OutgoingSend): void {
    writeSend(this.#wire, send, this.#terms);
  }

  behind(act: () => void): void {
    act();
  }

  flush(): void {}

  end(): void {}

  findUnnamed(): undefined {}
}

/** A SEND that waits for its receipt. */
class SentMessage implements ReceiptWaiter {
  readonly #wire: Wire;
  readonly #send: OutgoingSend;
  readonly #terms: SendTerms;

  constructor(wire: Wire, send: OutgoingSend, terms: SendTerms) {
    this.#wire = wire;
    this.#send = send;
    this.#terms = terms;
  }

  get bodyBytes(): number {
    return this.#send.message.body.length;
  }

  onReceipt(): void {
    this.#terms.onConfirmed();
    if (!this.#terms.confirmedLater) this.#send.onOutcome(CONFIRMED);
  }

  onRefused(refusal: BrokerRefusal): void {
    failSend(this.#send, refusedSend(this.#send, refusal, this.#wire.peer), this.#terms);
  }

  onSessionEnd(): void {
    this.#terms.onSessionEnd?.();
  }
}

export function failSend(send: OutgoingSend, error: MasterSlaveError, terms?: SendTerms): void {
  terms?.onFailed?.(error);
  send.onOutcome({ kind: "failed", error });
}

/** Returns what was encoded the first time, unless that was for another kind of broker. */
export function encodedFor(wire: Wire, send: OutgoingSend): EncodedSend | MasterSlaveError {
  const { dialect, version, endpoint } = wire.peer;
  const kept = send.encoded as EncodedSend | undefined;
  try {
    checkBodyKept(send.message.body, send.message.bodyBytes);
    if (kept?.dialect === dialect && kept.version === version) return kept;
    const encoded = wire.encoder.encode(send.destination, send.message);
    send.encoded = encoded;
    return encoded;
  } catch (cause) {
    return MasterSlaveError.from(cause, endpoint);
  }
}

/**
 * The words for "no room". Classic: "Persistent store is Full, 100% of …" and "Usage Manager Memory Limit reached".
 * Artemis only says AMQ339011, "Error sending message", whose usual cause is a full address.
 */
const NO_ROOM = /\b(store|memory|temp\w*|usage manager)\b.*\b(full|limit)\b|ResourceAllocationException|AMQ339011/i;

export function saysNoRoom(refusal: Pick<BrokerRefusal, "says">): boolean {
  return refusal.says(NO_ROOM);
}

/** The error for a refused SEND. Remembers destinations without room. */
export function refusedSend(
  { message, destination }: Pick<OutgoingSend, "message" | "destination">,
  refusal: BrokerRefusal,
  { endpoint, memory }: Peer,
): MasterSlaveError {
  const { text, cause } = refusal;
  const { id, body } = message;
  const what = `message ${id} to ${formatDestination(destination)}`;
  if (saysTooLarge(refusal)) {
    const why = `${formatAddress(endpoint)} takes no message as large as ${what}, of ${body.length} bytes: ${text}. Raise the broker's limit, or send less`;
    return new MessageTooLargeError(why, { id, endpoint, cause });
  }
  const noRoom = saysNoRoom(refusal);
  if (noRoom) memory.noteRefusing(destination);
  const hint = noRoom ? ". There is no room for it at the moment" : "";
  const why = `${formatAddress(endpoint)} refused ${what}: ${text}${hint}`;
  return new SendRejectedError(why, { id, endpoint, cause, retryable: noRoom });
}
