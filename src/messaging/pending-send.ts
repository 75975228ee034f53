/** A send that has not been confirmed: held until a session can take it, or written and waiting for the broker's word. */
import {
  AbortError,
  type EndpointAddress,
  formatAddress,
  type MasterSlaveError,
  PoisonSendError,
  SendExpiredError,
  SendInDoubtError,
  SendTimeoutError,
} from "../errors.ts";
import { type Destination, formatDestination } from "./destination.ts";
import type { MessagingSession, OutgoingSend, SendOutcome } from "./messaging-session.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import type { Suspect } from "./poison-rule.ts";

/** What a confirmed send resolves with. */
export interface SendResult {
  /** The message's stable id, which consumers see too. */
  readonly id: string;
  /** The endpoint that confirmed it. */
  readonly endpoint: EndpointAddress;
  /** It was written to more than one session: Artemis dropped the second copy by its id, Classic may hold both. */
  readonly resent: boolean;
}

export interface SendLimits {
  /** Give up after so long, ms. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Told once when the send is over, in whatever way. */
export interface SendOwner {
  sendOver(send: PendingSend, confirmed: boolean): void;
  /** Where the session is that took the send. */
  readonly endpoint: EndpointAddress | undefined;
}

export class PendingSend implements OutgoingSend, Suspect {
  readonly destination: Destination;
  readonly message: OutgoingMessage;
  /** What it counts against maxPendingBytes. */
  readonly bytes: number;
  encoded: unknown;
  /** How many sessions in a row died while it was written and unanswered. */
  deaths = 0;
  #phase: "held" | "written" | "over" = "held";
  #writes = 0;
  readonly #owner: SendOwner;
  readonly #resolve: (result: SendResult) => void;
  readonly #reject: (error: MasterSlaveError) => void;
  #forgetLimits: (() => void) | undefined;
  #onceOver: (() => void) | undefined;

  constructor(
    destination: Destination,
    message: OutgoingMessage,
    owner: SendOwner,
    settle: { readonly resolve: (result: SendResult) => void; readonly reject: (error: MasterSlaveError) => void },
  ) {
    this.destination = destination;
    this.message = message;
    this.bytes = messageBytes(message);
    this.#owner = owner;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
  }

  /** Over, or given up by its caller: an adapter that still holds it drops it. */
  get abandoned(): boolean {
    return this.#phase === "over";
  }

  /** Written to the present session. */
  get unanswered(): boolean {
    return this.#phase === "written";
  }

  /** Was written to an earlier session. */
  get inDoubt(): boolean {
    return this.#writes > 0;
  }

  async alone(session: MessagingSession): Promise<void> {
    const over = new Promise<void>((resolve) => {
      this.#onceOver = resolve;
    });
    session.send(this);
    await Promise.race([over, session.ended]);
  }

  onWritten(): void {
    if (this.#phase === "over") return;
    this.#phase = "written";
    this.#writes += 1;
  }

  onOutcome(outcome: SendOutcome): void {
    if (outcome.kind === "confirmed") this.#confirm();
    else this.fail(outcome.error);
  }

  /** The session ended. Returns whether the send was written and unanswered. */
  interrupted(): boolean {
    if (this.#phase !== "written") return false;
    this.#phase = "held";
    this.deaths += 1;
    return true;
  }

  fail(error: MasterSlaveError): void {
    if (!this.#end()) return;
    this.#reject(error);
    this.#owner.sendOver(this, false);
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

  /** Watches the caller's time and signal, and the message's time to live. */
  limit({ timeoutMs, signal }: SendLimits): void {
    const { expiresAtMs } = this.message;
    if (timeoutMs === undefined && signal === undefined && expiresAtMs === undefined) return;
    const timeout = timeoutMs === undefined ? undefined : setTimeout(() => this.#timeOut(timeoutMs), timeoutMs);
    const expiry = expiresAtMs === undefined ? undefined : timerAt(expiresAtMs, () => this.expire());
    const onAbort = () => this.#abort(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#forgetLimits = () => {
      clearTimeout(timeout);
      clearTimeout(expiry);
      signal?.removeEventListener("abort", onAbort);
    };
  }

  #timeOut(timeoutMs: number): void {
    const doubt = this.inDoubt ? "; it had been written, so it may be stored" : "; it had not been written";
    const text = `${this.#describe()} was not confirmed within timeoutMs=${timeoutMs}${doubt}`;
    this.fail(new SendTimeoutError(text, { id: this.message.id, inDoubt: this.inDoubt }));
  }

  #abort(reason: unknown): void {
    const text = `${this.#describe()} was aborted`;
    if (!this.inDoubt) this.fail(new AbortError(`${text} before it was written`, reason));
    else this.fail(new SendInDoubtError(`${text} after it was written`, { id: this.message.id, cause: reason }));
  }

  #confirm(): void {
    const { endpoint } = this.#owner;
    if (endpoint === undefined || !this.#end()) return;
    this.#resolve({ id: this.message.id, endpoint, resent: this.#writes > 1 });
    this.#owner.sendOver(this, true);
  }

  #end(): boolean {
    if (this.#phase === "over") return false;
    this.#phase = "over";
    this.#forgetLimits?.();
    this.#onceOver?.();
    return true;
  }

  #describe(): string {
    const { endpoint } = this.#owner;
    const where = endpoint ? ` (last at ${formatAddress(endpoint)})` : "";
    return `The send ${this.message.id} to ${formatDestination(this.destination)}${where}`;
  }
}

/** Timers take at most 2^31-1 ms; what is further off is looked at again then. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function timerAt(atMs: number, act: () => void): NodeJS.Timeout {
  return setTimeout(act, Math.min(MAX_TIMER_MS, Math.max(1, atMs - Date.now())));
}

/** A frame's headers cost memory too; this is near enough. */
const OVERHEAD_BYTES = 256;

function messageBytes({ body, properties }: OutgoingMessage): number {
  let bytes = body.length + OVERHEAD_BYTES;
  for (const name in properties) bytes += name.length + String(properties[name]).length;
  return bytes;
}
