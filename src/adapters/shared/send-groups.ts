/**
 * Groups sends to a broker that stores a message reliably only inside a transaction (Artemis, docs/decisions/0021).
 * Sends wait in one queue and are written as members of a transaction, which is committed at once unless another commit
 * is unanswered. Sends that come during a commit become members of the next transaction: as in a database's log, many
 * share one disk write, and none waits while the broker is idle.
 */
import type { OutgoingSend, SendOutcome } from "../../messaging/port/messaging-session.ts";
import type { GroupWriter } from "./group-writer.ts";
import { SendGroup } from "./send-group.ts";
import { SendQueue } from "./send-queue.ts";

/** How many sends are checked together at first: none is confirmed before all of them are answered. */
const FIRST_CHECKED = 8;
const MAX_CHECKED = 1024;
/**
 * A group of this size is committed as soon as the one before it is answered, so that the broker has work while callers
 * go on. A smaller group waits for the end of the turn, for further sends of those callers: then the disk is written
 * less often.
 */
const LARGE = 128;
const CONFIRMED: SendOutcome = { kind: "confirmed" };

type State =
  /** No written send waits for an answer. */
  | { readonly name: "idle" }
  | Committing
  /** Sends are being checked, and nothing else may be written meanwhile. */
  | { readonly name: "checking" }
  | Stopped
  /** The session is over. */
  | { readonly name: "over" };

interface Committing {
  readonly name: "committing";
  /**
   * The groups whose commits are unanswered. There is one at a time, because Artemis may store two in another order
   * (measured over AMQP); only close() commits another behind it.
   */
  readonly committing: Set<SendGroup>;
  /** A group that is written, and may still grow. */
  next: SendGroup | undefined;
}

/** Nothing more is written, but the groups that are being committed still get their answers. */
interface Stopped {
  readonly name: "stopped";
  readonly committing: Set<SendGroup>;
}

const IDLE: State = { name: "idle" };

export class SendGroups {
  readonly #writer: GroupWriter;
  readonly #queue = new SendQueue();
  /** Sends that were written in this session and rolled back: each is checked by itself if its caller still waits. */
  #rolledBack: WeakSet<OutgoingSend> | undefined;
  #state: State = IDLE;
  /** Called when the caller of a waiting send gives up: the sends behind it need not wait any longer. */
  readonly #onAbandoned = () => this.#schedule();
  #scheduled = false;
  #checkedAtOnce = FIRST_CHECKED;

  constructor(writer: GroupWriter) {
    this.#writer = writer;
  }

  /** Whether sends are being checked: nothing else may be written to their destinations. */
  get checking(): boolean {
    return this.#state.name === "checking";
  }

  /** Whether the next send is checked as soon as the writer is quiet: nothing else should be written until then. */
  get wantsQuiet(): boolean {
    const head = this.#queue.peek();
    return this.#state.name === "idle" && typeof head === "object" && !head.abandoned && this.#mustCheck(head);
  }

  /** Whether no send waits and none is unanswered. */
  get idle(): boolean {
    return this.#queue.size === 0 && this.#state.name === "idle";
  }

  /** The members that are written and unanswered. */
  get unanswered(): readonly OutgoingSend[] {
    if (this.#state.name !== "committing") return [];
    const { committing, next } = this.#state;
    return [...committing, ...(next ? [next] : [])].flatMap(({ members }) => members);
  }

  send(send: OutgoingSend): void {
    send.onAbandoned = this.#onAbandoned;
    this.#queue.push(send);
    this.#schedule();
  }

  /**
   * Calls `act` when nothing that was sent so far can be stored after what is written next, or when the session is
   * over.
   */
  behind(act: () => void): void {
    if (!this.#writer.open || this.idle) {
      act();
      return;
    }
    this.#queue.push(act);
    this.#schedule();
  }

  /** Flushes at the end of the turn: after everything that a confirmation triggers, and before the socket writes. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#scheduled = false;
        this.#writer.guard(() => this.flush());
      }),
    );
  }

  /** Writes what can be written now. */
  flush(): void {
    while (this.#writer.open && (this.#flushHead() || this.#commitWritten())) {}
  }

  /** Commits what is written, and writes nothing more: the session is about to be closed. */
  close(): void {
    this.flush();
    if (this.#state.name === "committing") this.#commit(this.#state);
  }

  /** Ends the groups: nothing more is written, and no caller is told an outcome after this. */
  end(): void {
    this.stop();
    this.#state = { name: "over" };
  }

  /**
   * Stops writing. Sends that are being committed or checked still get their outcome. Returns the sends that cannot
   * have been stored.
   */
  stop(): readonly OutgoingSend[] {
    if (this.#over) return [];
    const { committing } = this.#state.name === "committing" ? this.#state : { committing: new Set<SendGroup>() };
    const unwritten = this.#state.name === "committing" ? [...this.#rollBackNext(this.#state)] : [];
    this.#state = { name: "stopped", committing };
    for (const item of this.#queue.drain()) {
      if (typeof item === "function") item();
      else unwritten.push(item);
    }
    return unwritten;
  }

  get #over(): boolean {
    return this.#state.name === "over" || this.#state.name === "stopped";
  }

  /** Returns whether the head of the queue was handled. */
  #flushHead(): boolean {
    const head = this.#queue.peek();
    if (head === undefined || this.#state.name === "checking" || this.#over) return false;
    const isSend = typeof head === "object";
    if (isSend && head.abandoned) {
      this.#queue.shift();
      this.#drop(head);
      return true;
    }
    if (isSend && !this.#mustCheck(head)) return this.#writeMembers();
    if (this.#state.name !== "idle") return false;
    if (isSend) return this.#writer.quiet && this.#check();
    this.#queue.shift();
    head();
    return true;
  }

  #mustCheck(send: OutgoingSend): boolean {
    return this.#rolledBack?.has(send) || this.#writer.mustCheck(send);
  }

  #writeMembers(): boolean {
    if (this.#writer.room <= 0) return false;
    const state = this.#withNext();
    const group = state?.next;
    if (!group) return false;
    const before = this.#queue.size;
    for (let head = this.#queue.peek(); typeof head === "object"; head = this.#queue.peek()) {
      if (this.#writer.room <= 0 || this.#mustCheck(head) || !group.fits(head)) break;
      this.#queue.shift();
      if (head.abandoned) this.#drop(head);
      else group.write(head);
    }
    if (group.members.length === 0) this.#rollBackNext(state);
    return this.#queue.size < before;
  }

  /** Returns the state with a group that may grow; undefined if none can begin now. */
  #withNext(): Committing | undefined {
    const state: Committing =
      this.#state.name === "committing" ? this.#state : { name: "committing", committing: new Set(), next: undefined };
    if (state.next) return state;
    const transaction = this.#writer.begin({
      memberRefused: (send, outcome) => this.#state.name !== "over" && group.refuse(send, outcome),
      stored: () => this.#stored(group),
      refused: () => this.#refused(group),
    });
    if (!transaction) return undefined;
    const group = new SendGroup(transaction);
    state.next = group;
    this.#state = state;
    return state;
  }

  /** Returns the members, which may be sent again. */
  #rollBackNext(state: Committing): readonly OutgoingSend[] {
    const { next } = state;
    state.next = undefined;
    next?.transaction.rollBack();
    if (state.committing.size === 0) this.#state = IDLE;
    return next?.giveUp() ?? [];
  }

  /** Commits the written group unless another is being committed. Returns whether it did. */
  #commitWritten(): boolean {
    if (this.#state.name !== "committing" || this.#state.committing.size > 0) return false;
    return this.#commit(this.#state);
  }

  #commit(state: Committing): boolean {
    const { next } = state;
    if (!next) return false;
    state.committing.add(next);
    state.next = undefined;
    next.transaction.commit();
    return true;
  }

  #stored(group: SendGroup): void {
    const state = this.#state;
    if (!("committing" in state) || !state.committing.delete(group)) return;
    if (state.name === "committing") {
      const { next } = state;
      if (next && next.members.length >= LARGE) this.#commit(state);
      if (!next && state.committing.size === 0) this.#state = IDLE;
    }
    for (const send of group.giveUp()) send.onOutcome(CONFIRMED);
    this.#schedule();
  }

  /**
   * Nothing of the group is stored, so nothing behind it may be either: all are sent again in order, each by itself.
   */
  #refused(group: SendGroup): void {
    const state = this.#state;
    if (!("committing" in state) || !state.committing.delete(group)) return;
    this.#rolledBack ??= new WeakSet();
    if (state.name === "stopped") {
      for (const send of group.giveUp()) send.onOutcome({ kind: "failed", error: this.#writer.unanswered(send) });
      return;
    }
    const members = [...group.giveUp(), ...this.#rollBackNext(state)];
    for (const send of members) {
      this.#rolledBack.add(send);
      if (send.abandoned) this.#drop(send);
    }
    this.#queue.unshift(members.filter(({ abandoned }) => !abandoned));
    this.#schedule();
  }

  /**
   * The caller of the send has given up. If the send was written and rolled back, its answer is still awaited, so that
   * its memory is freed.
   */
  #drop(send: OutgoingSend): void {
    if (!this.#rolledBack?.delete(send)) return;
    send.onOutcome({ kind: "failed", error: this.#writer.unanswered(send) });
  }

  /** Returns whether the head of the queue was handled and more can be written. */
  #check(): boolean {
    const sends: OutgoingSend[] = [];
    const most = Math.min(this.#checkedAtOnce, this.#writer.room);
    for (let head = this.#queue.peek(); typeof head === "object" && this.#mustCheck(head); head = this.#queue.peek()) {
      if (sends.length >= most || (sends.length > 0 && this.#writer.checksAlone?.(head))) break;
      this.#queue.shift();
      if (head.abandoned) this.#drop(head);
      else sends.push(head);
      if (this.#writer.checksAlone?.(head)) break;
    }
    if (sends.length === 0) return most > 0;
    this.#state = { name: "checking" };
    this.#writer.check(sends, () => {
      if (this.#state.name !== "checking") return;
      this.#state = IDLE;
      this.#checkedAtOnce = Math.min(MAX_CHECKED, 2 * this.#checkedAtOnce);
      this.#schedule();
    });
    return this.#state.name !== "checking";
  }
}
