/** One sender link on an AMQP session of its own: writes as the broker grants credit, and tells each send its outcome. */
import type { AmqpError, Delivery, EventContext, Sender, Session, Typed } from "rhea";
import { formatAddress, MasterSlaveError, MessageTooLargeError, SendExpiredError } from "../../errors.ts";
import type { Destination } from "../../messaging/destination.ts";
import { type Linkable, LinkedSet } from "../../messaging/linked-set.ts";
import type { OutgoingSend, SendOutcome } from "../../messaging/messaging-session.ts";
import type { SessionContext } from "./amqp-session.ts";
import { sameSpelling, spell } from "./destination.ts";
import { type EncodedMessage, encodeMessage, refreshTtl } from "./message.ts";
import { TAG_TO_COME, takeOverTransfers } from "./outgoing-transfers.ts";
import { errorOf, notStored, rejection } from "./send-outcome.ts";
import { TransferStates } from "./transfer-states.ts";

/** rhea keeps 2048 deliveries a session from the oldest unsettled on; one more and the session is dead for good. */
const MAX_IN_FLIGHT = 2000;
/** Below this many waiting sends nobody looks for abandoned ones. */
const MIN_SWEEP = 1024;
const CONFIRMED: SendOutcome = { kind: "confirmed" };
/** Named, so that no broker takes silence for a wish to hear of `accepted` alone (AMQP 1.0, 3.5.3). */
const OUTCOMES = ["amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list"];

/** What rhea knows of a link's credit and its typings leave out. */
type CreditedSender = Sender & { readonly credit: number; readonly delivery_count: number };

/** A send as a link sees it. */
export interface LinkSend extends OutgoingSend {
  /** The state of its transfer: of which transaction it is part. */
  readonly state?: Typed;
}

/** A send whose outcome is to come; rhea's delivery carries it. */
class WrittenSend implements Linkable<WrittenSend> {
  readonly send: LinkSend;
  set: object | undefined = undefined;
  previous: WrittenSend | undefined = undefined;
  next: WrittenSend | undefined = undefined;

  constructor(send: LinkSend) {
    this.send = send;
  }
}

type CarryingDelivery = Delivery & { written?: WrittenSend };

type OutcomeOf = (send: OutgoingSend, delivery: Delivery) => SendOutcome;

export class SenderLink {
  readonly #context: SessionContext;
  readonly #onGone: () => void;
  readonly #amqpSession: Session;
  readonly #sender: CreditedSender;
  readonly #waiting = { sends: [] as LinkSend[], first: 0, sweepAt: MIN_SWEEP, scheduled: false };
  readonly #written = new LinkedSet<WrittenSend>();
  /** None before the first transaction. */
  #states: TransferStates | undefined;
  /** Credit used up: by what was handed to rhea, and by draining. Comparable with the link's delivery-count. */
  #used = 0;
  usedAtMs = 0;

  /** Attaches at once; `onGone` is called when the broker has refused or ended the link. */
  constructor(context: SessionContext, destination: Destination, onGone: () => void) {
    this.#context = context;
    this.#onGone = onGone;
    // A session per link: in rhea a delivery without credit or settlement holds up every link of its session.
    this.#amqpSession = context.connection.create_session();
    this.#amqpSession.on(
      "session_close",
      this.#on(() => this.#refused(this.#amqpSession.error)),
    );
    takeOverTransfers(this.#amqpSession, {
      gather: context.gather,
      isSpecial: ({ written }: CarryingDelivery) => written?.send.state !== undefined,
      onAccepted: context.guard((delivery) => this.#onAccepted(delivery)),
    });
    this.#amqpSession.begin();
    this.#sender = this.#amqpSession.attach_sender({
      target: spell(context.spelling, destination),
      source: { outcomes: OUTCOMES },
      snd_settle_mode: 0,
      treat_modified_as_released: false,
    }) as CreditedSender;
    this.#listen();
  }

  /** Attached, nothing waits and nothing is unconfirmed: rhea attaches a link again that is closed before its attach is answered. */
  get idle(): boolean {
    return this.#sender.is_open() && this.#waiting.sends.length === 0 && this.#written.size === 0;
  }

  send(send: LinkSend): void {
    this.usedAtMs = performance.now();
    this.#waiting.sends.push(send);
    if (this.#waiting.sends.length >= this.#waiting.sweepAt) this.#sweep();
    this.#write();
  }

  close(): void {
    this.end();
    this.#sender.close();
    this.#amqpSession.close();
  }

  /** From now on nobody is told of an outcome. */
  end(): void {
    this.#waiting.sends.length = 0;
    this.#waiting.first = 0;
    this.#written.clear();
  }

  #listen(): void {
    const sender = this.#sender;
    const { endpoint } = this.#context;
    const on = (event: string, work: (context: EventContext) => void) => sender.on(event, this.#on(work));
    const onOutcome = (event: string, outcomeOf: OutcomeOf) => on(event, this.#onOutcome(outcomeOf));
    on("sender_flow", () => this.#write());
    on("sendable", () => this.#write());
    on("sender_draining", () => this.#drain());
    on("sender_close", () => this.#refused(sender.error));
    // Accepted, but not settled.
    on("accepted", ({ delivery }) => delivery && this.#confirm(delivery));
    onOutcome("rejected", (send, delivery) => rejection(send, this.#context, errorOf(delivery)));
    onOutcome("released", (send) => notStored(send, endpoint, "released it"));
    onOutcome("modified", (send) => notStored(send, endpoint, "gave it back modified"));
    on("settled", (context) => this.#onSettled(context));
  }

  #on(work: (context: EventContext) => void): (context: EventContext) => void {
    return this.#context.guard(work);
  }

  /** Oldest first, while there is credit and room. */
  #write(): void {
    const { sends } = this.#waiting;
    while (this.#waiting.first < sends.length && this.#hasRoom()) {
      const send = sends[this.#waiting.first++];
      if (send && !send.abandoned) this.#writeOne(send);
    }
    if (this.#waiting.first < sends.length && this.#waiting.first < MIN_SWEEP) return;
    sends.splice(0, this.#waiting.first);
    this.#waiting.first = 0;
  }

  /** Drops what nobody waits for any more: without credit, sends that time out would pile up here. */
  #sweep(): void {
    const { sends, first } = this.#waiting;
    const live = sends.slice(first).filter((send) => !send.abandoned);
    // Not spread: there may be more than a call has room for.
    sends.length = 0;
    for (const send of live) sends.push(send);
    this.#waiting.first = 0;
    this.#waiting.sweepAt = Math.max(MIN_SWEEP, 2 * live.length);
  }

  /** Credit that no message was handed over for. */
  get #granted(): number {
    const { credit, delivery_count: transferred } = this.#sender;
    // The link's delivery-count starts anew past 2^32 - 1.
    return credit + ((transferred - this.#used) | 0);
  }

  #hasRoom(): boolean {
    return (
      this.#granted > 0 && this.#written.size < MAX_IN_FLIGHT && this.#sender.sendable() && !this.#context.isOver()
    );
  }

  #writeOne(send: LinkSend): void {
    const failure = this.#prepare(send);
    if (failure) {
      send.onOutcome({ kind: "failed", error: failure });
      return;
    }
    const { bytes } = send.encoded as EncodedMessage;
    if (send.state) this.#states ??= new TransferStates(this.#amqpSession);
    const delivery: CarryingDelivery = this.#sender.send(bytes, TAG_TO_COME, 0);
    if (send.state) this.#states?.set(delivery.id, send.state);
    delivery.written = new WrittenSend(send);
    this.#written.add(delivery.written);
    this.#used += 1;
    send.onWritten();
  }

  /** Everything that can be checked before the message is written; the encoding is in `send.encoded` then. */
  #prepare(send: OutgoingSend): MasterSlaveError | undefined {
    const { message } = send;
    const details = { id: message.id, endpoint: this.#context.endpoint };
    const remainingMs = (message.expiresAtMs ?? Number.POSITIVE_INFINITY) - Date.now();
    if (remainingMs <= 0) return new SendExpiredError(`Message ${message.id} expired before it was written`, details);
    let encoded: EncodedMessage;
    try {
      encoded = this.#encode(send);
    } catch (cause) {
      return MasterSlaveError.from(cause, this.#context.endpoint);
    }
    const limit = this.#sender.max_message_size;
    if (typeof limit === "number" && limit > 0 && encoded.bytes.length > limit) {
      const where = formatAddress(this.#context.endpoint);
      const text = `Message ${message.id} has ${encoded.bytes.length} bytes; ${where} takes ${limit} at most`;
      return new MessageTooLargeError(text, details);
    }
    refreshTtl(encoded, remainingMs);
    return undefined;
  }

  #encode(send: OutgoingSend): EncodedMessage {
    const { spelling } = this.#context;
    const kept = send.encoded as EncodedMessage | undefined;
    if (kept && sameSpelling(kept.spelling, spelling)) return kept;
    const encoded = encodeMessage(send.message, send.destination, spelling);
    send.encoded = encoded;
    return encoded;
  }

  /** Artemis takes its credit back when an address is full, and ends a link that does not let go of it. */
  #drain(): void {
    this.#used += Math.max(0, this.#granted);
    this.#sender.set_drained(true);
  }

  #onAccepted(delivery: Delivery): void {
    this.#confirm(delivery);
    this.#writeSoon();
  }

  #confirm(delivery: Delivery): void {
    const send = this.#takeWritten(delivery);
    if (!send) return;
    this.#context.proveUseful();
    send.onOutcome(CONFIRMED);
  }

  #onOutcome(outcomeOf: OutcomeOf): (context: EventContext) => void {
    return ({ delivery }) => {
      const send = delivery && this.#takeWritten(delivery);
      if (send) send.onOutcome(outcomeOf(send, delivery));
    };
  }

  #onSettled({ delivery }: EventContext): void {
    const send = delivery && this.#takeWritten(delivery);
    if (send) {
      send.onOutcome(notStored(send, this.#context.endpoint, "settled it without an outcome"));
    }
    this.#writeSoon();
  }

  /** The send whose outcome it is, once. */
  #takeWritten({ id, written }: CarryingDelivery): LinkSend | undefined {
    if (!written || !this.#written.delete(written)) return undefined;
    this.#states?.delete(id);
    return written.send;
  }

  /** rhea frees the room of what is settled only after it has told of all of it. */
  #writeSoon(): void {
    if (this.#waiting.scheduled || this.#waiting.sends.length === 0) return;
    this.#waiting.scheduled = true;
    queueMicrotask(
      this.#context.guard(() => {
        this.#waiting.scheduled = false;
        this.#write();
      }),
    );
  }

  /** The broker refused or ended the link; the session goes on, and the next send to this destination attaches anew. */
  #refused(error: AmqpError | Error | undefined): void {
    const waiting = this.#waiting.sends.slice(this.#waiting.first);
    this.#waiting.sends.length = 0;
    this.#waiting.first = 0;
    this.#onGone();
    const reason = error && "condition" in error ? error : {};
    for (const send of waiting) if (!send.abandoned) send.onOutcome(rejection(send, this.#context, reason));
    // rhea tells of the outcomes that came with the detach only after it.
    setImmediate(
      this.#context.guard(() => {
        const written = Array.from(this.#written, ({ send }) => send);
        this.end();
        if (this.#context.isOver()) return;
        // In this order: rhea would answer the detach after the end.
        this.#sender.close();
        this.#amqpSession.close();
        for (const send of written) send.onOutcome(rejection(send, this.#context, reason, true));
      }),
    );
  }
}
