/**
 * One sender link on an AMQP session of its own: writes while the broker grants credit, and tells each send its
 * outcome.
 */
import type { AmqpError, Delivery, EventContext, Sender, Session } from "rhea";
import { type Linkable, LinkedSet } from "../../../async/linked-set.ts";
import { MasterSlaveError } from "../../../errors/errors.ts";
import type { Destination } from "../../../messaging/messages/destination.ts";
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import { spell } from "../messages/destination.ts";
import type { SessionDeps } from "../opening/session-deps.ts";
import { errorOf, TAG_TO_COME, takeOverTransfers, writeNow } from "../rhea/outgoing-transfers.ts";
import { creditOf, deliveryCountOf } from "../rhea/sender-credit.ts";
import type { TransferState } from "../rhea/transactional-state.ts";
import { prepareSend } from "./prepare-send.ts";
import { notStored, rejection } from "./send-outcome.ts";

/**
 * rhea keeps at most 2048 deliveries per session, counted from the oldest unsettled one; one more breaks the session
 * for good.
 */
const MAX_IN_FLIGHT = 2000;
const CONFIRMED: SendOutcome = { kind: "confirmed" };
/** All outcomes are named, so that no broker assumes that we want only `accepted` (AMQP 1.0, 3.5.3). */
const OUTCOMES = ["amqp:accepted:list", "amqp:rejected:list", "amqp:released:list", "amqp:modified:list"];

/** The state of a transfer, and who is told its outcome, if that is not the send alone. */
export interface TransferTerms {
  /** The state of the transfer: the transaction that it is part of. */
  readonly state?: TransferState | undefined;
  /** Called instead of the send's own callback; it tells the send its outcome itself. */
  onOutcome(send: OutgoingSend, outcome: SendOutcome): void;
}

/** Who is told what happens to a link. */
export interface LinkOwner {
  /** There may be credit or room again. Not called while rhea is in the middle of telling outcomes. */
  onRoom(): void;
  /** The broker refused or ended the link: nothing more is written to it. */
  onGone(reason: AmqpError): void;
}

/** A written send without an outcome yet; rhea's delivery refers to it. */
class WrittenSend implements Linkable<WrittenSend> {
  readonly send: OutgoingSend;
  readonly terms: TransferTerms | undefined;
  set: object | undefined = undefined;
  previous: WrittenSend | undefined = undefined;
  next: WrittenSend | undefined = undefined;

  constructor(send: OutgoingSend, terms: TransferTerms | undefined) {
    this.send = send;
    this.terms = terms;
  }

  tell(outcome: SendOutcome): void {
    if (this.terms) this.terms.onOutcome(this.send, outcome);
    else this.send.onOutcome(outcome);
  }
}

type CarryingDelivery = Delivery & { written?: WrittenSend };

type OutcomeOf = (send: OutgoingSend, delivery: Delivery) => SendOutcome;

export class SenderLink {
  readonly #context: SessionDeps;
  readonly #owner: LinkOwner;
  readonly #amqpSession: Session;
  readonly #sender: Sender;
  readonly #written = new LinkedSet<WrittenSend>();
  /** Credit used by messages given to rhea and by draining; comparable with the link's delivery-count. */
  #used = 0;
  #roomToTell = false;
  #toCallWhenWritten: (() => void)[] = [];

  /** Attaches at once. */
  constructor(context: SessionDeps, destination: Destination, owner: LinkOwner) {
    this.#context = context;
    this.#owner = owner;
    // Each link gets an AMQP session of its own, because in rhea one delivery that waits for credit or settlement blocks
    // all links of its session.
    this.#amqpSession = context.connection.create_session();
    this.#amqpSession.on(
      "session_close",
      this.#on(() => this.#refused(this.#amqpSession.error)),
    );
    takeOverTransfers(this.#amqpSession, {
      gather: context.gather,
      stateOf: ({ written }: CarryingDelivery) => written?.terms?.state,
      onAccepted: context.guard((delivery) => this.#onAccepted(delivery)),
      onAllWritten: context.guard(() => this.#onAllWritten()),
    });
    this.#amqpSession.begin();
    this.#sender = this.#amqpSession.attach_sender({
      target: spell(context.spelling, destination),
      source: { outcomes: OUTCOMES },
      snd_settle_mode: 0,
      treat_modified_as_released: false,
    });
    this.#listen();
  }

  /**
   * Attached, with nothing unconfirmed: rhea would attach a link again if it is closed before its attach is answered.
   */
  get idle(): boolean {
    return this.#sender.is_open() && this.#written.size === 0;
  }

  /** Whether the broker has answered the attach frame. */
  get attached(): boolean {
    return this.#sender.is_open();
  }

  /** Number of written sends without an outcome. */
  get unanswered(): number {
    return this.#written.size;
  }

  /** Number of sends that can be written now. */
  get room(): number {
    if (!this.#sender.sendable() || this.#context.isOver()) return 0;
    return Math.max(0, Math.min(this.#granted, MAX_IN_FLIGHT - this.#written.size));
  }

  /**
   * Gives a send to rhea, which writes it at the end of the turn; call it only while there is room. Returns false,
   * after telling its outcome, if the send cannot be written.
   */
  write(send: OutgoingSend, terms?: TransferTerms): boolean {
    const { max_message_size: maxBytes } = this.#sender;
    const bytes = prepareSend(send, this.#context, typeof maxBytes === "number" ? maxBytes : 0);
    if (bytes instanceof MasterSlaveError) {
      send.onOutcome({ kind: "failed", error: bytes });
      return false;
    }
    const delivery: CarryingDelivery = this.#sender.send(bytes, TAG_TO_COME, 0);
    delivery.written = new WrittenSend(send, terms);
    this.#written.add(delivery.written);
    this.#used += 1;
    send.onWritten();
    return true;
  }

  /** Calls `act` when all sends given to rhea so far are written, or when the link is gone. */
  whenWritten(act: () => void): void {
    // In a microtask: rhea may be in the middle of its own processing.
    queueMicrotask(
      this.#context.guard(() => {
        this.#toCallWhenWritten.push(act);
        if (this.#sender.is_open()) writeNow(this.#amqpSession);
        else this.#onAllWritten();
      }),
    );
  }

  close(): void {
    this.end();
    this.#sender.close();
    this.#amqpSession.close();
  }

  /** Forgets all unanswered sends: no caller is told an outcome after this. */
  end(): void {
    this.#written.clear();
  }

  #listen(): void {
    const sender = this.#sender;
    const { endpoint } = this.#context;
    const on = (event: string, work: (context: EventContext) => void) => sender.on(event, this.#on(work));
    const onOutcome = (event: string, outcomeOf: OutcomeOf) => on(event, this.#onOutcome(outcomeOf));
    on("sender_flow", () => this.#owner.onRoom());
    on("sendable", () => this.#owner.onRoom());
    on("sender_draining", () => this.#drain());
    on("sender_close", () => this.#refused(sender.error));
    // The delivery was accepted but not settled.
    on("accepted", ({ delivery }) => delivery && this.#confirm(delivery));
    onOutcome("rejected", (send, delivery) => rejection(send, this.#context, errorOf(delivery)));
    onOutcome("released", (send) => notStored(send, endpoint, "released it"));
    onOutcome("modified", (send) => notStored(send, endpoint, "gave it back modified"));
    on("settled", (context) => this.#onSettled(context));
  }

  #on(work: (context: EventContext) => void): (context: EventContext) => void {
    return this.#context.guard(work);
  }

  /** Credit that is not yet used by a message. */
  get #granted(): number {
    // The link's delivery-count wraps at 2^32.
    return creditOf(this.#sender) + ((deliveryCountOf(this.#sender) - this.#used) | 0);
  }

  /** Artemis withdraws its credit when an address is full, and ends a link that does not return it. */
  #drain(): void {
    this.#used += Math.max(0, this.#granted);
    this.#sender.set_drained(true);
  }

  #onAccepted(delivery: Delivery): void {
    this.#confirm(delivery);
    this.#tellRoom();
  }

  #confirm(delivery: Delivery): void {
    const written = this.#takeWritten(delivery);
    if (!written) return;
    // A member of a transaction is not stored yet.
    if (!written.terms) this.#context.proveUseful();
    written.tell(CONFIRMED);
  }

  #onOutcome(outcomeOf: OutcomeOf): (context: EventContext) => void {
    return ({ delivery }) => {
      const written = delivery && this.#takeWritten(delivery);
      if (written) written.tell(outcomeOf(written.send, delivery));
    };
  }

  #onSettled({ delivery }: EventContext): void {
    const written = delivery && this.#takeWritten(delivery);
    if (written) written.tell(notStored(written.send, this.#context.endpoint, "settled it without an outcome"));
    this.#tellRoom();
  }

  /** Returns the written send that an outcome belongs to, and forgets it. */
  #takeWritten({ written }: CarryingDelivery): WrittenSend | undefined {
    return written && this.#written.delete(written) ? written : undefined;
  }

  /** rhea frees the room of settled deliveries only after it has reported all of them. */
  #tellRoom(): void {
    if (this.#roomToTell) return;
    this.#roomToTell = true;
    queueMicrotask(
      this.#context.guard(() => {
        this.#roomToTell = false;
        this.#owner.onRoom();
      }),
    );
  }

  #onAllWritten(): void {
    const acts = this.#toCallWhenWritten;
    if (acts.length === 0) return;
    this.#toCallWhenWritten = [];
    for (const act of acts) act();
  }

  /**
   * The broker refused or ended the link; the session goes on, and the next send to this destination attaches again.
   */
  #refused(error: AmqpError | Error | undefined): void {
    const reason = error && "condition" in error ? error : {};
    this.#owner.onGone(reason);
    this.#onAllWritten();
    // rhea reports the outcomes that came with the detach only after it.
    setImmediate(
      this.#context.guard(() => {
        const written = [...this.#written];
        this.end();
        if (this.#context.isOver()) return;
        // In this order; otherwise rhea would answer the detach after the end.
        this.#sender.close();
        this.#amqpSession.close();
        for (const each of written) each.tell(rejection(each.send, this.#context, reason, true));
      }),
    );
  }
}
