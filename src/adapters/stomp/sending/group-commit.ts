/**
 * Group commit over STOMP on Classic: one transaction stores many sends for the price of one sync. Sends that come
 * while the broker is busy gather and share the next transaction, as in a database's log; while it is idle none waits.
 * The members of a refused group are sent again one by one, so that only the culprit rejects:
 * docs/decisions/0015-group-commit.md.
 */
import { formatAddress, MasterSlaveError, SendRejectedError, SessionLostError } from "../../../errors/errors.ts";
import type { OutgoingSend, SendOutcome } from "../../../messaging/port/messaging-session.ts";
import { type QueueItem, SendQueue } from "../../shared/send-queue.ts";
import type { ReceiptWaiter } from "./receipt-waiters.ts";
import {
  type GroupMember,
  type GroupOwner,
  isGroupable,
  MAX_GROUP_BYTES,
  MAX_MEMBERS,
  SendGroup,
} from "./send-group.ts";
import { encodedFor, type SendTerms, writeSend } from "./sends.ts";
import { UngroupedSends } from "./ungrouped-sends.ts";
import type { SessionSends, Wire } from "./wire.ts";

const CONFIRMED: SendOutcome = { kind: "confirmed" };

/** The session that the sends belong to. */
export interface SendingSession {
  /** Called when something was confirmed. */
  readonly markUseful: () => void;
  destroy(cause: MasterSlaveError): void;
}

type State =
  /** No group is unanswered. */
  | { readonly name: "idle" }
  /** The group is written, and its fence is unanswered. */
  | { readonly name: "fencing"; readonly group: SendGroup }
  /** The group's COMMIT is unanswered. */
  | { readonly name: "committing"; readonly group: SendGroup }
  | CommittingWithNext;

/** The group's COMMIT is unanswered, and the next group is written behind it. */
interface CommittingWithNext {
  readonly name: "committing-with-next";
  readonly group: SendGroup;
  readonly next: SendGroup;
  /**
   * Set when the next group's fence is answered already; says whether that began the transaction of the group after it.
   */
  readonly fenced: { readonly begun: boolean } | undefined;
}

const IDLE: State = { name: "idle" };

export class GroupCommit implements GroupOwner, SessionSends {
  readonly #wire: Wire;
  readonly #session: SendingSession;
  readonly #line = new SendQueue();
  #state: State = IDLE;
  readonly #uncounted: SendTerms;
  readonly #singles = new UngroupedSends(() => this.#guardedFlush());
  #scheduled = false;
  #groups = 0;
  #begun = false;
  /** How many more ERRORs may come from failed groups: Classic sends some from another thread. */
  #strays = 0;

  constructor(wire: Wire, session: SendingSession) {
    this.#wire = wire;
    this.#session = session;
    this.#uncounted = { onConfirmed: session.markUseful };
  }

  send(send: OutgoingSend): void {
    if (this.#wire.open) this.#push(send);
  }

  behind(act: () => void): void {
    if (!this.#wire.open || (this.#line.size === 0 && !this.#busy)) act();
    else this.#push(act);
  }

  get expectsMore(): boolean {
    const { name } = this.#state;
    return name === "fencing" || name === "committing-with-next";
  }

  /** Writes what may be written now. */
  flush(): void {
    for (let head = this.#line.peek(); head && this.#wire.open; head = this.#line.peek()) {
      const single = typeof head === "function" || !isGroupable(head) || this.#singles.held;
      if (this.#busy || (!single && this.#singles.busy)) {
        this.#singles.wait();
        return;
      }
      if (single) this.#pass(head);
      else this.#writeRun();
    }
  }

  get awaitsUnnamed(): boolean {
    return this.#busy;
  }

  findUnnamed(): ReceiptWaiter | undefined {
    const state = this.#state;
    if (state.name !== "idle") return unnamed(() => state.group.noteError());
    if (this.#strays === 0) return undefined;
    return unnamed(() => {
      this.#strays -= 1;
    });
  }

  /** Called when the session is over. */
  end(): void {
    this.#singles.stopWaiting();
    for (const item of this.#line.drain()) if (typeof item === "function") item();
  }

  fenced(group: SendGroup, begun: boolean): void {
    if (this.#state.name === "committing-with-next") {
      this.#state = { ...this.#state, fenced: { begun } };
      return;
    }
    this.#begun = begun;
    if (!this.#wire.open) return;
    if (!group.believed) {
      this.#state = IDLE;
      group.abort();
      this.failed(group);
      return;
    }
    this.#state = { name: "committing", group };
    group.commit();
    if (this.#fillsNext(group) && !this.#singles.held) this.#writeRun();
  }

  committed({ members }: SendGroup): void {
    this.#session.markUseful();
    for (const { send } of members) send.onOutcome(CONFIRMED);
    this.#commitAnswered();
  }

  /** Nothing of the group is stored. Members whose callers gave up meanwhile are not sent again. */
  failed({ members, errors }: SendGroup): void {
    // The next group was written behind the failed one, and must not be stored before it.
    if (this.#state.name === "committing-with-next") this.#state.next.distrust();
    this.#strays += Math.max(0, members.length - errors);
    for (const { send } of members) {
      if (send.abandoned) send.onOutcome({ kind: "failed", error: this.#notStored(send) });
      else writeSend(this.#wire, send, this.#uncounted);
    }
    this.#commitAnswered();
  }

  stalled({ members }: SendGroup): void {
    const { endpoint, memory, onWarning } = this.#wire.peer;
    memory.grouped = false;
    const text = `${formatAddress(endpoint)} stopped in the middle of ${members.length} sends that share a transaction: it has no room for one of them, and waits. From now on this connection sends one by one; groupCommit=false does so from the start`;
    onWarning({ code: "GROUP_COMMIT_OFF", message: text, endpoint });
    this.#session.destroy(new SessionLostError("SESSION_LOST", text, { endpoint }));
  }

  get #busy(): boolean {
    return this.#state.name !== "idle";
  }

  /** The broker answered COMMIT, with a receipt or with an error. */
  #commitAnswered(): void {
    const state = this.#state;
    if (state.name === "committing-with-next") {
      const { next, fenced } = state;
      this.#state = { name: "fencing", group: next };
      if (fenced) this.fenced(next, fenced.begun);
      else next.watch();
    } else this.#state = IDLE;
    this.#schedule();
  }

  /** A small group behind a large one would make the broker sync for little while the rest waits. */
  #fillsNext({ members }: SendGroup): boolean {
    return 2 * this.#line.size >= members.length;
  }

  #push(item: QueueItem): void {
    this.#line.push(item);
    this.#schedule();
  }

  /** At the end of the turn: after everything that a receipt triggers, and before the socket writes. */
  #schedule(): void {
    if (this.#scheduled || this.#line.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#scheduled = false;
        this.#guardedFlush();
      }),
    );
  }

  #guardedFlush(): void {
    this.#wire.guard(() => this.flush());
  }

  #pass(item: QueueItem): void {
    this.#line.shift();
    if (typeof item === "function") item();
    else writeSend(this.#wire, item, this.#uncounted);
  }

  #writeRun(): void {
    const members = this.#takeRun();
    const [only] = members;
    if (only === undefined) return;
    const state = this.#state;
    // A send without COMMIT must not be stored before a group that still waits for its COMMIT.
    if (members.length === 1 && state.name === "idle") {
      this.#writeCounted(only.send);
      return;
    }
    const transaction = this.#name(this.#groups++);
    if (!this.#begun) this.#wire.write("BEGIN", { transaction });
    const group = new SendGroup(this.#wire, transaction, members, this);
    this.#state =
      state.name === "committing"
        ? { name: "committing-with-next", group: state.group, next: group, fenced: undefined }
        : { name: "fencing", group };
    group.write(this.#name(this.#groups));
    if (this.#state.name === "fencing") group.watch();
  }

  #name(nth: number): string {
    return `group-${nth}`;
  }

  #takeRun(): GroupMember[] {
    const members: GroupMember[] = [];
    let bytes = 0;
    for (let next = this.#line.peek(); typeof next === "object" && isGroupable(next); next = this.#line.peek()) {
      bytes += next.message.body.length;
      if (members.length === MAX_MEMBERS || bytes > MAX_GROUP_BYTES) break;
      this.#line.shift();
      if (next.abandoned) continue;
      const encoded = encodedFor(this.#wire, next);
      // What cannot be encoded fails like any other send.
      if (encoded instanceof MasterSlaveError) writeSend(this.#wire, next, this.#uncounted);
      else members.push({ send: next, encoded });
    }
    return members;
  }

  /** Sends that come until this one is answered gather. */
  #writeCounted(send: OutgoingSend): void {
    const answered = this.#singles.add();
    const over = () => {
      answered();
      this.#schedule();
    };
    const onConfirmed = () => {
      this.#session.markUseful();
      over();
    };
    writeSend(this.#wire, send, { onConfirmed, onFailed: over });
  }

  #notStored({ message: { id } }: OutgoingSend): MasterSlaveError {
    const { endpoint } = this.#wire.peer;
    return new SendRejectedError(`${formatAddress(endpoint)} did not store message ${id}`, { id, endpoint });
  }
}

function unnamed(onRefused: ReceiptWaiter["onRefused"]): ReceiptWaiter {
  return { unnamed: true, onReceipt: () => {}, onRefused };
}
