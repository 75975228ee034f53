/** A send that has not been confirmed: held until a session can take it, or written and waiting for the broker's word. */

import type { Linkable } from "../../async/linked-set.ts";
import { onAbort } from "../../async/on-abort.ts";
import { startTimer } from "../../async/timer.ts";
import {
  AbortError,
  type EndpointAddress,
  formatAddress,
  type MasterSlaveError,
  NotConnectedError,
  PoisonSendError,
  SendError,
  SendExpiredError,
  SendInDoubtError,
  SendRejectedError,
  SendTimeoutError,
} from "../../errors/errors.ts";
import { type Destination, formatDestination } from "../messages/destination.ts";
import type { OutgoingMessage } from "../messages/outgoing-message.ts";
import type { MessagingSession, OutgoingSend, SendOutcome } from "../port/messaging-session.ts";
import type { Suspect } from "../port/suspect.ts";

/** What a confirmed send resolves with. */
export interface SendResult {
  /** The message's stable id, which consumers see too. */
  readonly id: string;
  /** The endpoint that confirmed it. */
  readonly endpoint: EndpointAddress;
  /** It was written to more than one session: Artemis dropped the second copy by its id, Classic may hold both. */
  readonly resent: boolean;
}

/** All that sends need of a session, or of a transaction. */
export type SendingSession = Pick<MessagingSession, "send">;

export interface SendLimits {
  /** Give up after so long, ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What becomes of a send that cannot go on as it is. */
export interface SendPolicy {
  /** Written and not answered when its session ended. */
  readonly inDoubt: "resend" | "fail";
  /** Not written while there is no session. */
  readonly whenInterrupted: "hold" | "reject";
  /** Refused by the broker for want of room. */
  readonly whenFull: "reject" | "hold";
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

export class PendingSend implements OutgoingSend, Suspect, Linkable<PendingSend> {
  readonly destination: Destination;
  readonly message: OutgoingMessage;
  /** What it counts against maxPendingBytes. */
  readonly bytes: number;
  encoded: unknown;
  onAbandoned: (() => void) | undefined = undefined;
  /** Of two sends the one made earlier has the lower. */
  readonly number = ++made;
  /** How many sessions in a row died while it was written and unanswered. */
  deaths = 0;
  /** Its place among the admitted, or the given up. */
  set: object | undefined = undefined;
  previous: PendingSend | undefined = undefined;
  next: PendingSend | undefined = undefined;
  /** `given-up`: its caller has an answer, but the session has it still and waits for the broker's word. */
  #phase: "held" | "written" | "given-up" | "over" = "held";
  #writes = 0;
  #givenTo: SendingSession | undefined;
  readonly policy: SendPolicy;
  readonly #owner: SendOwner;
  readonly #resolve: (result: SendResult) => void;
  readonly #reject: (error: MasterSlaveError) => void;
  #forgetLimits: (() => void) | undefined;
  #stopExpiry: (() => void) | undefined;
  #onceAnswered: (() => void) | undefined;

  constructor(
    destination: Destination,
    message: OutgoingMessage,
    policy: SendPolicy,
    owner: SendOwner,
    settle: { readonly resolve: (result: SendResult) => void; readonly reject: (error: MasterSlaveError) => void },
  ) {
    this.destination = destination;
    this.message = message;
    this.policy = policy;
    this.bytes = messageBytes(message);
    this.#owner = owner;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
  }

  /** Over, or given up by its caller: an adapter that still holds it drops it. */
  get abandoned(): boolean {
    return this.#phase === "over" || this.#phase === "given-up";
  }

  /** Written to the present session, which has not answered. */
  get unanswered(): boolean {
    return this.#phase === "written" || this.#phase === "given-up";
  }

  /** Was written to an earlier session. */
  get inDoubt(): boolean {
    return this.#writes > 0;
  }

  /** Hands it to a session, once to each. */
  giveTo(session: SendingSession): void {
    if (this.#givenTo === session) return;
    this.#givenTo = session;
    session.send(this);
  }

  async alone(session: MessagingSession): Promise<void> {
    if (this.abandoned || this.expire()) return;
    const answered = new Promise<void>((resolve) => {
      this.#onceAnswered = resolve;
    });
    this.giveTo(session);
    await Promise.race([answered, session.ended]);
  }

  onWritten(): void {
    // Whatever a session does to write it, it counts as one.
    if (this.#phase !== "held") return;
    this.#phase = "written";
    this.#writes += 1;
    if (this.#writes > 1) this.#owner.writtenAgain();
  }

  onOutcome(outcome: SendOutcome): void {
    if (this.#phase === "over") return;
    if (this.#phase === "given-up") {
      this.#phase = "over";
      this.#onceAnswered?.();
      this.#owner.answeredLate(this);
    } else if (outcome.kind === "confirmed") this.#confirm();
    else if (this.policy.whenFull === "hold" && isRefusedForNow(outcome.error)) this.#defer();
    else this.fail(this.#doubted(outcome.error));
  }

  #defer(): void {
    // The broker has said that it does not have it: this session's write leaves no doubt.
    if (this.#phase === "written") this.#writes -= 1;
    this.#phase = "held";
    this.#givenTo = undefined;
    // It was answered, so it is not what sessions die of.
    this.deaths = 0;
    this.#onceAnswered?.();
    this.#stopExpiry?.();
    this.#watchExpiry();
    this.#owner.deferred(this);
  }

  /** Whatever this session says of it, an earlier one that did not answer may have stored it. */
  #doubted(error: MasterSlaveError): MasterSlaveError {
    const earlierWrites = this.#writes - (this.unanswered ? 1 : 0);
    if (earlierWrites > 0 && error instanceof SendError) Object.assign(error, { inDoubt: true });
    return error;
  }

  /** The session ended. Returns whether the send was written and unanswered. */
  interrupted(): boolean {
    this.#givenTo = undefined;
    if (this.#phase !== "written") return false;
    this.#phase = "held";
    this.deaths += 1;
    // Its time to live may have been looked at while it was written.
    this.#stopExpiry?.();
    this.#watchExpiry();
    return true;
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
    const { expiresAtMs, id } = this.message;
    if (expiresAtMs === undefined || expiresAtMs > Date.now() || this.#phase !== "held") return false;
    this.fail(
      new SendExpiredError(`${this.#describe()} expired before it could be confirmed`, { id, inDoubt: this.inDoubt }),
    );
    return true;
  }

  /** Watches the caller's time and signal, and the message's time to live while it is held. */
  limit({ timeoutMs, signal }: SendLimits): void {
    const { expiresAtMs } = this.message;
    if (timeoutMs === undefined && signal === undefined && expiresAtMs === undefined) return;
    const stopTimeout = timeoutMs === undefined ? undefined : startTimer(timeoutMs, () => this.#timeOut(timeoutMs));
    const stopListening = signal && onAbort(signal, () => this.#abort(signal.reason));
    this.#watchExpiry();
    this.#forgetLimits = () => {
      stopTimeout?.();
      this.#stopExpiry?.();
      stopListening?.();
    };
  }

  #watchExpiry(): void {
    const { expiresAtMs } = this.message;
    if (expiresAtMs === undefined) return;
    this.#stopExpiry = startTimer(Math.max(1, expiresAtMs - Date.now()), () => {
      // The two clocks need not agree; what is written meanwhile is looked at again when its session ends.
      if (!this.expire() && this.#phase === "held") this.#watchExpiry();
    });
  }

  #timeOut(timeoutMs: number): void {
    const doubt = this.inDoubt ? "; it had been written, so it may be stored" : "; it had not been written";
    const text = `${this.#describe()} was not confirmed within timeoutMs=${timeoutMs}${doubt}`;
    this.#giveUp(new SendTimeoutError(text, { id: this.message.id, inDoubt: this.inDoubt }));
  }

  #abort(reason: unknown): void {
    const text = `${this.#describe()} was aborted`;
    if (!this.inDoubt) this.#giveUp(new AbortError(`${text} before it was written`, reason));
    else this.#giveUp(new SendInDoubtError(`${text} after it was written`, { id: this.message.id, cause: reason }));
  }

  #confirm(): void {
    const { endpoint } = this.#owner;
    if (endpoint === undefined || !this.#end("over")) return;
    this.#resolve({ id: this.message.id, endpoint, resent: this.#writes > 1 });
    this.#owner.sendOver(this, true);
  }

  /** Its caller waits no longer. What a session has of it is not taken back. */
  #giveUp(error: MasterSlaveError): void {
    if (!this.#end(this.#phase === "written" ? "given-up" : "over")) return;
    this.onAbandoned?.();
    this.#rejectWith(error);
  }

  #rejectWith(error: MasterSlaveError): void {
    this.#reject(error);
    this.#owner.sendOver(this, false);
  }

  #end(phase: "given-up" | "over"): boolean {
    if (this.abandoned) return false;
    this.#phase = phase;
    this.#forgetLimits?.();
    if (phase === "over") this.#onceAnswered?.();
    return true;
  }

  #describe(): string {
    const { endpoint } = this.#owner;
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
