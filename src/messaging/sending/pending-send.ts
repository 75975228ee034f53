/** A send that is not confirmed: held until a session can take it, or written and waiting for the broker's answer. */

import { LinkedMember } from "../../async/linked-set.ts";
import {
  AbortError,
  type EndpointAddress,
  formatAddress,
  MasterSlaveError,
  NotConnectedError,
  PoisonSendError,
  SendError,
  SendExpiredError,
  SendInDoubtError,
  SendRejectedError,
  SendTimeoutError,
} from "../../errors/errors.ts";
import { type Destination, formatDestination } from "../messages/destination.ts";
import { type OutgoingMessage, timeLeftMs } from "../messages/outgoing-message.ts";
import type { MessagingSession, OutgoingSend, SendOutcome } from "../port/messaging-session.ts";
import type { Suspect } from "../port/suspect.ts";
import type { SendLimits, SendPolicy, SendResult } from "./send-policy.ts";
import type { SendTarget } from "./send-route.ts";
import { HELD, isInDoubt, nextState, type SendEvent, type SendState } from "./send-state.ts";
import { isLimited, SendWatch } from "./send-watch.ts";

/** The fixed parts of a send. */
export interface PendingSendParts {
  readonly destination: Destination;
  readonly message: OutgoingMessage;
  readonly policy: SendPolicy;
  readonly owner: SendOwner;
  /** Resolves the caller's promise. */
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: MasterSlaveError) => void;
}

export interface SendOwner {
  /** Called once, when the caller has its outcome, whatever it is. */
  sendOver(send: PendingSend, confirmed: boolean): void;
  /** The broker answered a send whose caller had given up: the session no longer holds it. */
  answeredLate(send: PendingSend): void;
  /** The send was written to a second or later session. */
  writtenAgain(): void;
  /** The broker has no room for the send now: give it to a session again later. */
  deferred(send: PendingSend): void;
  /** The endpoint of the session that took the send. */
  readonly endpoint: EndpointAddress | undefined;
}

/** Number of sends made by this process. */
let made = 0;

export class PendingSend extends LinkedMember<PendingSend> implements OutgoingSend, Suspect {
  /** The bytes that count against maxPendingBytes. */
  readonly bytes: number;
  /** Increases with each send. */
  readonly number = ++made;
  encoded: unknown;
  onAbandoned: (() => void) | undefined = undefined;
  readonly #parts: PendingSendParts;
  #state: SendState = HELD;
  #watch: SendWatch | undefined;
  #onceAnswered: (() => void) | undefined;

  constructor(parts: PendingSendParts) {
    super();
    this.#parts = parts;
    this.bytes = messageBytes(parts.message);
  }

  get destination(): Destination {
    return this.#parts.destination;
  }

  get message(): OutgoingMessage {
    return this.#parts.message;
  }

  get policy(): SendPolicy {
    return this.#parts.policy;
  }

  /** How many sessions in a row ended while it was written and unanswered. */
  get deaths(): number {
    return "deaths" in this.#state ? this.#state.deaths : 0;
  }

  /** Whether it has its outcome or its caller gave up: then an adapter that still holds it drops it. */
  get abandoned(): boolean {
    return this.#state.name === "over" || this.#state.name === "given-up";
  }

  /** Whether it was written to the present session, which has not answered. */
  get unanswered(): boolean {
    return this.#state.name === "written" || this.#state.name === "given-up";
  }

  /** Whether it was written to this or an earlier session, and has no outcome. */
  get inDoubt(): boolean {
    return isInDoubt(this.#state);
  }

  /**
   * Gives the send to the present session, once. If the adapter throws, this is a bug, and it fails this send alone.
   */
  giveTo(session: SendTarget): void {
    if (this.#state.name !== "held") return;
    this.#move("given");
    try {
      session.send(this);
    } catch (reason) {
      this.#failByMistake(MasterSlaveError.from(reason));
    }
  }

  async alone(session: MessagingSession): Promise<void> {
    if (this.abandoned || this.expire()) return;
    const answered = new Promise<void>((resolve) => {
      this.#onceAnswered = resolve;
    });
    this.giveTo(session);
    if (!this.abandoned) await Promise.race([answered, session.ended]);
  }

  onAttaching(): void {
    this.#move("attaching");
  }

  onWritten(): void {
    const before = this.#state;
    const after = this.#move("written");
    if (after !== before && after.name === "written" && after.writes > 1) this.#parts.owner.writtenAgain();
  }

  onOutcome(outcome: SendOutcome): void {
    if (this.#state.name === "over") return;
    if (this.#state.name === "given-up") {
      this.#move("over");
      this.#onceAnswered?.();
      this.#parts.owner.answeredLate(this);
    } else if (outcome.kind === "confirmed") this.#confirm();
    else if (this.policy.whenFull === "hold" && isRefusedForNow(outcome.error)) this.#defer();
    else this.fail(this.#doubted(outcome.error));
  }

  /** The session ended. Returns whether the send was written and unanswered. */
  interrupted(): boolean {
    const wasWritten = this.#state.name === "written";
    this.#move("interrupted");
    if (wasWritten) this.#watch?.watchExpiry();
    return wasWritten;
  }

  fail(error: MasterSlaveError): void {
    if (this.#end("over")) this.#rejectWith(error);
  }

  failNotConnected(): void {
    const text = `${this.#describe()} was not sent: there is no session, and whenInterrupted is reject`;
    this.fail(new NotConnectedError(text, { id: this.message.id }));
  }

  failInDoubt(cause: MasterSlaveError | undefined): void {
    const text = `${this.#describe()} was written, and the session ended before the broker confirmed it`;
    this.fail(new SendInDoubtError(text, { id: this.message.id, cause }));
  }

  failAsPoison(cause: MasterSlaveError): void {
    const text = `${this.#describe()} was in flight when ${this.deaths} sessions in a row ended, alone in the last one`;
    this.fail(new PoisonSendError(text, { id: this.message.id, cause }));
  }

  /** Rejects a held send whose time to live has run out. Returns whether it has. */
  expire(): boolean {
    const leftMs = timeLeftMs(this.message);
    if (leftMs === undefined || leftMs > 0 || this.#state.name === "written" || this.abandoned) return false;
    const { id } = this.message;
    const text = `${this.#describe()} expired before it could be confirmed`;
    this.fail(new SendExpiredError(text, { id, inDoubt: this.inDoubt }));
    return true;
  }

  /** Starts to watch the timeout and the signal, and the time to live while the send is held. */
  limit(limits: SendLimits): void {
    if (!isLimited(this.message, limits)) return;
    this.#watch = new SendWatch(this.message, limits, {
      timedOut: (timeoutMs) => this.#timeOut(timeoutMs, limits.hint?.() ?? ""),
      aborted: (reason) => this.#abort(reason),
      expired: () => {
        // A timer may fire slightly early. A written send is checked again when its session ends.
        if (!this.expire() && !this.unanswered) this.#watch?.watchExpiry();
      },
    });
  }

  #defer(): void {
    this.#move("deferred");
    this.#onceAnswered?.();
    this.#watch?.watchExpiry();
    this.#parts.owner.deferred(this);
  }

  /** Marks the error as in doubt: an earlier session that did not answer may have stored the message. */
  #doubted(error: MasterSlaveError): MasterSlaveError {
    const earlierWrites = "writes" in this.#state ? this.#state.writes - (this.unanswered ? 1 : 0) : 0;
    if (earlierWrites > 0 && error instanceof SendError) Object.assign(error, { inDoubt: true });
    return error;
  }

  #failByMistake(error: MasterSlaveError): void {
    if (!this.inDoubt) {
      this.fail(error);
      return;
    }
    const text = `${this.#describe()} was written to an earlier session, and could not be written again: ${error.message}`;
    this.fail(new SendInDoubtError(text, { id: this.message.id, cause: error }));
  }

  #timeOut(timeoutMs: number, hint: string): void {
    const doubt = this.inDoubt ? "; it had been written, so it may be stored" : "; it had not been written";
    const text = `${this.#describe()} was not confirmed within timeoutMs=${timeoutMs}${doubt}${hint}`;
    this.#giveUp(new SendTimeoutError(text, { id: this.message.id, inDoubt: this.inDoubt }));
  }

  #abort(reason: unknown): void {
    const text = `${this.#describe()} was aborted`;
    if (!this.inDoubt) this.#giveUp(new AbortError(`${text} before it was written`, reason));
    else this.#giveUp(new SendInDoubtError(`${text} after it was written`, { id: this.message.id, cause: reason }));
  }

  #confirm(): void {
    const { owner, resolve } = this.#parts;
    const { endpoint } = owner;
    const resent = "writes" in this.#state && this.#state.writes > 1;
    if (endpoint === undefined || !this.#end("over")) return;
    resolve({ id: this.message.id, endpoint, resent });
    owner.sendOver(this, true);
  }

  /** The caller no longer waits. What a session has taken is not withdrawn. */
  #giveUp(error: MasterSlaveError): void {
    if (!this.#end("given-up")) return;
    this.onAbandoned?.();
    this.#rejectWith(error);
  }

  #rejectWith(error: MasterSlaveError): void {
    this.#parts.reject(error);
    this.#parts.owner.sendOver(this, false);
  }

  #end(event: "given-up" | "over"): boolean {
    if (this.abandoned) return false;
    this.#watch?.stop();
    if (this.#move(event).name === "over") this.#onceAnswered?.();
    return true;
  }

  #move(event: SendEvent): SendState {
    this.#state = nextState(this.#state, event);
    return this.#state;
  }

  #describe(): string {
    const { endpoint } = this.#parts.owner;
    const where = endpoint ? ` (last at ${formatAddress(endpoint)})` : "";
    return `The send ${this.message.id} to ${formatDestination(this.destination)}${where}`;
  }
}

/** Whether a refusal is temporary: a full address or store, and similar reasons. */
function isRefusedForNow(error: MasterSlaveError): boolean {
  return error instanceof SendRejectedError && error.retryable && !error.inDoubt;
}

/** An estimate of the memory for a frame's headers. */
const OVERHEAD_BYTES = 256;

function messageBytes({ body, properties }: OutgoingMessage): number {
  let bytes = body.length + OVERHEAD_BYTES;
  for (const name in properties) bytes += name.length + String(properties[name]).length;
  return bytes;
}
