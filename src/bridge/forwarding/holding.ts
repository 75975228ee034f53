/**
 * Decides what happens when the target refuses: a message with a fault becomes a dead letter; if the fault is the
 * target's, the link waits.
 */
import { startTimer } from "../../async/timer.ts";
import type { Gate } from "./gate.ts";
import type { InFlight } from "./in-flight.ts";
import type { HoldCode, Refusal } from "./refusal.ts";

/** After this many refusals in a row for unknown reasons, the fault counts as the target's. */
const MAX_REFUSALS = 3;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export interface HoldingDeps {
  readonly gate: Gate;
  /** Sends a message again; resolves with whether the target has it. */
  readonly resend: (message: InFlight) => Promise<boolean>;
  readonly poison: (message: InFlight, code: string, reason: string) => Promise<void>;
  readonly onChange: () => void;
}

export class Holding {
  readonly #deps: HoldingDeps;
  /** The messages that wait for the target, in the order of their refusals, which is that of their sends. */
  readonly #held: InFlight[] = [];
  /** Messages refused for unknown reasons, while the target may still be accepting others. */
  #suspects: { readonly message: InFlight; readonly reason: string }[] = [];
  #refusals = 0;
  #hold: { readonly code: HoldCode; readonly reason: string } | undefined;
  #waitMs = FIRST_WAIT_MS;
  #stopTimer: (() => void) | undefined;
  #over = false;

  constructor(deps: HoldingDeps) {
    this.#deps = deps;
  }

  /** Why the link takes nothing; undefined if it does. */
  get reason(): { readonly code: HoldCode; readonly reason: string } | undefined {
    return this.#hold;
  }

  /** Why a message waits; undefined when it does not. */
  whyHeld(message: InFlight): string | undefined {
    const suspect = this.#suspects.find((each) => each.message === message);
    if (suspect) return `TARGET_REFUSES: ${suspect.reason}`;
    return this.#hold && this.#held.includes(message) ? `${this.#hold.code}: ${this.#hold.reason}` : undefined;
  }

  /** Call it when the target accepted a message: what the target refused meanwhile has a fault of its own. */
  accepted(): void {
    this.#refusals = 0;
    const suspects = this.#suspects;
    this.#suspects = [];
    for (const { message, reason } of suspects) void this.#deps.poison(message, "SEND_REJECTED", reason);
  }

  refused(message: InFlight, refusal: Extract<Refusal, { readonly kind: "hold" | "unknown" }>): void {
    const { code, reason } = refusal;
    if (refusal.kind === "hold" || this.#hold) {
      this.#keep(message, code, reason);
      return;
    }
    this.#refusals += 1;
    this.#suspects.push({ message, reason });
    if (this.#refusals >= MAX_REFUSALS) this.#holdSuspects(code, reason);
    // Without other traffic nothing shows whose fault it is, so the message is sent again.
    else this.#retryIn(this.#waitMs);
  }

  /** Stops: nothing is sent again. */
  close(): void {
    this.#over = true;
    this.#stopTimer?.();
  }

  #holdSuspects(code: HoldCode, reason: string): void {
    const suspects = this.#suspects;
    this.#suspects = [];
    for (const { message } of suspects) this.#keep(message, code, reason);
  }

  #keep(message: InFlight, code: HoldCode, reason: string): void {
    this.#held.push(message);
    this.#hold = { code, reason };
    this.#deps.gate.shut("held");
    this.#deps.onChange();
    this.#retryIn(this.#waitMs);
  }

  #retryIn(ms: number): void {
    if (this.#over || this.#stopTimer) return;
    this.#stopTimer = startTimer(ms, () => {
      this.#stopTimer = undefined;
      void this.#retry();
    });
  }

  /** Tries one message on behalf of all. */
  async #retry(): Promise<void> {
    if (this.#over) return;
    this.#waitMs = Math.min(2 * this.#waitMs, LONGEST_WAIT_MS);
    const first = this.#held.shift();
    if (!first) {
      const suspect = this.#suspects.shift();
      if (suspect) await this.#deps.resend(suspect.message);
      return;
    }
    // A refusal puts the message at the end; put it back in front, to keep the order.
    const rest = this.#held.splice(0);
    const taken = await this.#deps.resend(first);
    this.#held.push(...rest);
    if (!taken && this.#held.length > 0) {
      this.#retryIn(this.#waitMs);
      return;
    }
    await this.#release();
  }

  async #release(): Promise<void> {
    this.#waitMs = FIRST_WAIT_MS;
    this.#hold = undefined;
    const messages = this.#held.splice(0);
    const sends = messages.map((message) => this.#deps.resend(message));
    await Promise.all(sends);
    if (this.#held.length > 0) return;
    this.#deps.gate.open("held");
    this.#deps.onChange();
  }
}
