/** Sends the messages that a direction takes, and settles each at its source once the target has confirmed it. */
import { startTimer } from "../../async/timer.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Delivery, SettleResult } from "../../messaging/receiving/deliveries/delivery.ts";
import type { MapMessage } from "../config/bridge-config.ts";
import { Journal } from "../memory/journal.ts";
import type { InFlightBudget } from "./budget.ts";
import { type ComposeRules, compose, type OutgoingCopy } from "./compose.ts";
import type { LinkCounts } from "./counts.ts";
import { type DeadLetterDeps, DeadLetters, type Refused, reasonOf } from "./dead-letters.ts";
import type { Gate } from "./gate.ts";
import { Holding } from "./holding.ts";
import { type InFlight, InFlightMessages } from "./in-flight.ts";
import { mapCopy } from "./map-copy.ts";
import { UnbridgeableBodyError } from "./passed-body.ts";
import { readRefusal } from "./refusal.ts";
import type { TopicTwins } from "./topic-twins.ts";

export interface ForwarderDeps {
  readonly rules: ComposeRules;
  readonly map: MapMessage | undefined;
  readonly target: Connection;
  readonly deadLetters: DeadLetterDeps;
  readonly budget: InFlightBudget;
  readonly gate: Gate;
  readonly counts: LinkCounts;
  readonly twins: TopicTwins;
  readonly maxInFlight: number;
  /** Called with a number of messages that were taken and come again, or whose places others take. */
  readonly comesAgain: (count: number) => void;
  /** Called when a side begins or stops to refuse messages. */
  readonly onHold: () => void;
}

export class Forwarder {
  readonly #deps: ForwarderDeps;
  readonly #inFlight: InFlightMessages;
  readonly #holding: Holding;
  readonly #deadLetters: DeadLetters;
  readonly journal = new Journal();
  /** `Date.now()` of the last settlement; undefined before the first. */
  lastProgressAtMs: number | undefined;
  /** Deliveries that are not yet, or never will be, among those in flight. */
  #inHand = 0;

  constructor(deps: ForwarderDeps) {
    this.#deps = deps;
    this.#inFlight = new InFlightMessages(deps.maxInFlight, deps.comesAgain);
    this.#deadLetters = new DeadLetters(deps.deadLetters, deps.onHold);
    this.#holding = new Holding({
      gate: deps.gate,
      resend: (message) => this.#send(message),
      poison: (message, code, reason) => this.#poison(message, code, reason),
      onChange: deps.onHold,
    });
  }

  get counts(): LinkCounts {
    return this.#deps.counts;
  }

  get pending(): number {
    return this.#inFlight.pending;
  }

  get unacknowledged(): number {
    return this.#inFlight.size + this.#inHand;
  }

  /** The message that is on its way and has this id, and why it waits when it does. */
  find(id: string): { readonly message: InFlight | undefined; readonly heldFor: string | undefined } {
    const message = this.#inFlight.find(id);
    return { message, heldFor: message && this.#whyHeld(message) };
  }

  /** Why messages wait at a side that refuses; undefined if none does. */
  get refusal(): NonNullable<Holding["reason"]> | Refused | undefined {
    return this.#holding.reason ?? this.#deadLetters.problem;
  }

  /** Whether something is unsettled, and does not wait for a side that refuses. */
  get isSettling(): boolean {
    return this.unacknowledged > this.#deadLetters.waiting && !this.#holding.reason;
  }

  /** Sends nothing again. */
  close(): void {
    this.#holding.close();
    this.#deadLetters.close();
  }

  /** The source's session ended. */
  sourceInterrupted(): void {
    this.#inFlight.interrupted();
  }

  /** A consumer of the source ended, and its session goes on. */
  consumerEnded(): void {
    this.#inFlight.orphan();
  }

  /**
   * Takes a delivery, whose bytes are in the budget already. Resolves when its send was given to the connection; never
   * rejects.
   */
  async take(delivery: Delivery, bytes: number): Promise<void> {
    this.#inHand += 1;
    try {
      await this.#take(delivery, bytes);
    } catch (reason) {
      const { code, message } = MasterSlaveError.from(reason);
      await this.#refuse(delivery, bytes, codeOf(reason, code), message);
    } finally {
      this.#inHand -= 1;
    }
  }

  async #take(delivery: Delivery, bytes: number): Promise<void> {
    const { rules, counts, map } = this.#deps;
    const composed = compose(delivery.message, rules);
    if (composed.kind !== "forward")
      return this.#leave(delivery, bytes, composed.kind, "reason" in composed ? composed.reason : undefined);
    const known = this.#inFlight.recognise(composed.key, delivery);
    if (known === "adopted") return this.#deps.budget.release(bytes);
    if (known !== "new") {
      counts.recovered += 1;
      const counted = known === "confirmed";
      return this.#settle({ delivery, copy: composed, bytes, confirmed: true, counted });
    }
    if (this.#deps.twins.isTwin({ ...rules.path, link: rules.link }, composed))
      return this.#leave(delivery, bytes, "stays", TWIN);
    const copy = map === undefined ? composed : await mapCopy(map, delivery.message, composed, rules);
    if (!holds(delivery)) return this.#forget(bytes);
    if (copy === "drop") return this.#drop(delivery, composed, bytes);
    if (composed.key === undefined) counts.withoutIdentity += 1;
    if (composed.replyToUnreachable) counts.replyToUnreachable += 1;
    const message: InFlight = { delivery, copy, bytes, confirmed: false, counted: true };
    this.#inFlight.add(message);
    // Not awaited: sends are confirmed in groups, in the order of these calls.
    void this.#send(message);
  }

  /** Handles a message whose session ended while the map hook worked: the source delivers it again. */
  #forget(bytes: number): void {
    this.#deps.budget.release(bytes);
    this.#deps.comesAgain(1);
  }

  /** Resolves with whether the target has it; never rejects. */
  async #send(message: InFlight): Promise<boolean> {
    const { copy } = message;
    try {
      await this.#deps.target.send(copy.destination, copy.body, copy.options);
    } catch (reason) {
      this.#failed(message, reason);
      return false;
    }
    message.confirmed = true;
    this.#holding.accepted();
    await this.#settle(message);
    return true;
  }

  #failed(message: InFlight, thrown: unknown): void {
    const refusal = readRefusal(thrown);
    switch (refusal.kind) {
      case "closed":
        // The delivery stays unsettled, and goes back when the consumer closes.
        this.#done(message, "stale");
        return;
      case "expired":
        this.#deps.counts.expired += 1;
        message.confirmed = true;
        void this.#settle(message, "expired");
        return;
      case "poison":
        void this.#poison(message, refusal.code, refusal.reason);
        return;
      default:
        this.#holding.refused(message, refusal);
    }
  }

  async #settle(message: InFlight, as: "forwarded" | "expired" | "dropped" = "forwarded"): Promise<void> {
    this.journal.note(as, message.delivery.message, message);
    try {
      const result = await settleLatest(message, (delivery) => delivery.accept());
      // A message that was settled before has been counted already.
      if (as === "forwarded" && result === "settled" && message.counted)
        this.#deps.counts[message.copy.returned ? "returned" : "forwarded"] += 1;
      this.#done(message, result);
    } catch {
      // The delivery cannot be accepted now: the source delivers the message again, and its id is recognised then.
      this.#done(message, "stale");
    }
  }

  #done(message: InFlight, result: "settled" | "stale"): void {
    this.#inFlight.done(message, result);
    this.#deps.budget.release(message.bytes);
    if (result === "settled") this.lastProgressAtMs = Date.now();
  }

  #whyHeld(message: InFlight): string | undefined {
    return this.#holding.whyHeld(message) ?? this.#deadLetters.whyHeld(message.delivery.message);
  }

  async #poison(message: InFlight, code: string, reason: string): Promise<void> {
    const said = reasonOf(code, reason);
    const isHeld = () => holds(message.delivery);
    try {
      const isCopied = await this.#deadLetters.send(message.delivery.message, said, isHeld);
      message.confirmed = isCopied;
      this.journal.note("dead-lettered", message.delivery.message, { copy: message.copy, reason: said });
      const result = await settleLatest(message, (delivery) => (isCopied ? delivery.accept() : delivery.reject(said)));
      if (result === "settled") this.#deps.counts.deadLettered += 1;
      this.#done(message, result);
    } catch {
      this.#done(message, "stale");
    }
  }

  /** Handles a message that could not even be composed. */
  async #refuse(delivery: Delivery, bytes: number, code: string, reason: string): Promise<void> {
    const said = reasonOf(code, reason);
    let result: SettleResult = "stale";
    try {
      const isCopied = await this.#deadLetters.send(delivery.message, said, () => holds(delivery));
      this.journal.note("dead-lettered", delivery.message, { reason: said });
      result = await (isCopied ? delivery.accept() : delivery.reject(said));
    } catch {
      // The source delivers the message again.
    }
    if (result === "settled") this.#deps.counts.deadLettered += 1;
    else this.#deps.comesAgain(1);
    this.#deps.budget.release(bytes);
  }

  /** Releases a delivery. Over STOMP every unsettled delivery of its consumer goes back to the broker with it. */
  #giveBack(delivery: Delivery): void {
    this.#inFlight.orphan();
    void delivery.release().catch(() => "stale");
  }

  #drop(delivery: Delivery, copy: OutgoingCopy, bytes: number): Promise<void> {
    this.#deps.counts.dropped += 1;
    return this.#settle({ delivery, copy, bytes, confirmed: true, counted: true }, "dropped");
  }

  /**
   * Handles a message that is not forwarded: from a topic it is accepted, because the copy is only for us; to a queue
   * it is given back.
   */
  async #leave(delivery: Delivery, bytes: number, why: "stays" | "expired", reason?: string): Promise<void> {
    const { counts, budget } = this.#deps;
    this.journal.note(why, delivery.message, reason === undefined ? {} : { reason });
    const isTopic = delivery.message.destination?.startsWith("topic://") === true;
    if (why === "expired") counts.expired += 1;
    else counts.filtered += 1;
    if (isTopic || why === "expired") await delivery.accept().catch(() => "stale");
    else startTimer(GIVE_BACK_MS, () => this.#giveBack(delivery));
    budget.release(bytes);
  }
}

/** Whether the delivery can still be settled. */
function holds(delivery: Delivery): boolean {
  return delivery.origin.holds(delivery);
}

/** Settles the latest delivery of a message: while one is settled its session may end, and the message be delivered again. */
async function settleLatest(
  message: InFlight,
  settle: (delivery: Delivery) => Promise<SettleResult>,
): Promise<SettleResult> {
  for (;;) {
    const { delivery } = message;
    const result = await settle(delivery);
    if (result === "settled" || message.delivery === delivery) return result;
  }
}

/** Returns the code of a dead letter's reason. What a map hook throws has no code of this package. */
function codeOf(reason: unknown, code: string): string {
  if (reason instanceof UnbridgeableBodyError) return reason.code;
  return code === "INTERNAL" ? "REFUSED_HERE" : code;
}

/** The wait before a message that stays at the source is released. Without a selector the broker delivers it again at once. */
const GIVE_BACK_MS = 1_000;
const TWIN = "another copy of it reached the target by another link";
