/** A send that has not been confirmed: held until a session can take it, or written and waiting for the broker's word. */

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
import { HELD, nextState, type SendEvent, type SendState } from "./send-state.ts";
import { isLimited, SendWatch } from "./send-watch.ts";

/** What a send is from its first moment to its last. */
export interface PendingSendParts {
  readonly destination: Destination;
  readonly message: OutgoingMessage;
  readonly policy: SendPolicy;
  readonly owner: SendOwner;
  /** Settle the caller's promise. */
  readonly resolve: (result: SendResult) => void;
  readonly reject: (error: MasterSlaveError) => void;
}

export interface SendOwner {
  /** Told once, when the caller has its answer, whatever it is. */
  sendOver(send: PendingSend, confirmed: boolean): void;
  /** The broker answered a send its caller had given up: the session holds it no more. */
  answeredLate(send: PendingSend): void;
  /** It was written to a second or later session. */
  writtenAgain(): void;
  /** The broker has no room for it now: it is to be given to the session again, later. */
  deferred(send: PendingSend): void;
  /** Where the session is that took the send. */
  readonly endpoint: EndpointAddress | undefined;
}

/** How many sends this process has made. */
let made = 0;

export class PendingSend extends LinkedMember<PendingSend> implements OutgoingSend, Suspect {
  /** What it counts against maxPendingBytes. */
  readonly bytes: number;
  /** Of two sends the one made earlier has the lower. */
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

  /** How many sessions in a row died while it was written and unanswered. */
  get deaths(): number {
    return "deaths" in this.#state ? this.#state.deaths : 0;
  }

  /** Over, or given up by its caller: an adapter that still holds it drops it. */
  get abandoned(): boolean {
    return this.#state.name === "over" || this.#state.name === "given-up";
  }

  /** Written to the present session, which has not answered. */
  get unanswered(): boolean {
    return this.#state.name === "written" || this.#state.name === "given-up";
  }

  /** Was written to this session or an earlier one, and has no outcome. */
  get inDoubt(): boolean {
    return "writes" in this.#state && this.#state.writes > 0;
  }

  /** Hands it to the session of the moment, once. A throw, which is a mistake of ours or of a protocol, fails this send alone. */
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
    const text = `${this.#describe()} was in flight when ${this.deaths} sessions in a row died, in the last one alone`;
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

  /** Watches the caller's time and signal, and the message's time to live while it is held. */
  limit(limits: SendLimits): void {
    if (!isLimited(this.message, limits)) return;
    this.#watch = new SendWatch(this.message, limits, {
      timedOut: (timeoutMs) => this.#timeOut(timeoutMs, limits.hint?.() ?? ""),
      aborted: (reason) => this.#abort(reason),
      expired: () => {
        // A timer may be a hair early. What is written is looked at again when its session ends.
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

  /** Whatever this session says of it, an earlier one that did not answer may have stored it. */
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

  /** Its caller waits no longer. What a session has of it is not taken back. */
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

/** A full address or store, and what else passes by itself. */
function isRefusedForNow(error: MasterSlaveError): boolean {
  return error instanceof SendRejectedError && error.retryable && !error.inDoubt;
}

/** A frame's headers cost memory too; this is near enough. */
const OVERHEAD_BYTES = 256;

function messageBytes({ body, properties }: OutgoingMessage): number {
  let bytes = body.length + OVERHEAD_BYTES;
  for (const name in properties) bytes += name.length + String(properties[name]).length;
  return bytes;
}
