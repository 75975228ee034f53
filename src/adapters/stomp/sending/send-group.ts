/**
 * Several sends in one transaction: the members ask for no receipts, and a fence behind them does. The fence's receipt
 * shows that every member was carried out or refused. COMMIT follows only if none was refused, so that a refusal stores
 * nothing.
 */
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { EncodedSend } from "../messages/encoded-send.ts";
import { sendLines } from "./sends.ts";
import type { Wire } from "./wire.ts";

/**
 * Larger groups are hardly faster, and uncommitted messages count against a destination's memory limit, which can be 1
 * MiB.
 */
export const MAX_MEMBERS = 128;
export const MAX_GROUP_BYTES = 256 * 1024;
/**
 * How long a fence may stay unanswered, with no other answer either. After that Classic has stopped reading the
 * connection because there is no room for a member, perhaps because of the uncommitted members themselves.
 */
const STALL_MS = 5_000;

export interface GroupMember {
  readonly send: OutgoingSend;
  readonly encoded: EncodedSend;
}

/**
 * Whether the send may join a group. Other sends go by themselves: they cost the broker no sync, are scheduled apart
 * from the transaction, or may end the session.
 */
export function isGroupable({ message, inDoubt }: OutgoingSend): boolean {
  const { persistent, deliverAtMs, body } = message;
  return persistent && deliverAtMs === undefined && !inDoubt && body.length <= MAX_GROUP_BYTES;
}

/** Callbacks of a group, each called once at most. */
export interface GroupOwner {
  /** All members were carried out or refused. `begun`: the next group's transaction has begun. */
  fenced(group: SendGroup, begun: boolean): void;
  /** All members are stored. */
  committed(group: SendGroup): void;
  /** COMMIT was refused, or its receipt cannot be trusted. */
  failed(group: SendGroup): void;
  /** The broker has stopped answering. */
  stalled(group: SendGroup): void;
}

export class SendGroup {
  readonly members: readonly GroupMember[];
  /** How many ERRORs may concern a member. */
  errors = 0;
  #trusted = true;
  readonly #wire: Wire;
  readonly #owner: GroupOwner;
  readonly #transaction: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(wire: Wire, transaction: string, members: readonly GroupMember[], owner: GroupOwner) {
    this.#wire = wire;
    this.#transaction = transaction;
    this.members = members;
    this.#owner = owner;
  }

  /**
   * Writes the members into a transaction that has begun; watch() is called when no group is before this one. The fence
   * is the BEGIN of the next group's transaction, which costs no sync; an ABORT of an empty transaction would.
   */
  write(next: string): void {
    const transaction = this.#transaction;
    let bodyBytes = 0;
    for (const { send, encoded } of this.members) {
      this.#wire.write("SEND", sendLines(this.#wire.peer, send, encoded, transaction), encoded.body);
      bodyBytes = Math.max(bodyBytes, encoded.body.length);
      send.onWritten();
    }
    const fence = {
      bodyBytes,
      onReceipt: () => this.#fenced(true),
      // A refusal that names a member, or a member that is too large: the session ends, and the culprit is found when
      // each goes by itself.
      onRefused: () => {
        this.noteError();
        this.#fenced(false);
      },
      onUnnamed: () => this.noteError(),
      onSessionEnd: () => this.#unwatch(),
    };
    this.#wire.request("BEGIN", { transaction: next }, fence);
  }

  /** Notes an ERROR that may concern a member: the group is not trusted any more. */
  noteError(): void {
    this.errors += 1;
  }

  /** The group before this one was not stored, so this one must not be either. */
  distrust(): void {
    this.#trusted = false;
  }

  /** Whether the group may be committed. */
  get believed(): boolean {
    return this.#trusted && this.errors === 0;
  }

  commit(): void {
    const failed = () => this.#owner.failed(this);
    // Classic refuses the COMMIT if a member failed late. If its configuration makes it do otherwise, an ERROR has
    // come.
    const onReceipt = () => (this.errors > 0 ? failed() : this.#owner.committed(this));
    // Until this COMMIT is answered, the broker has read nothing behind it.
    const onUnnamed = () => this.noteError();
    this.#wire.request("COMMIT", { transaction: this.#transaction }, { onReceipt, onRefused: failed, onUnnamed });
  }

  abort(): void {
    this.#wire.write("ABORT", { transaction: this.#transaction });
  }

  #fenced(begun: boolean): void {
    this.#unwatch();
    this.#owner.fenced(this, begun);
  }

  /** Starts the stall timer: from now on only the group's own members can delay its fence. */
  watch(): void {
    const { answered } = this.#wire;
    const look = () => {
      if (this.#timer === undefined) return;
      // The answers may wait behind an incomplete frame; the frame watch detects a frame that never completes.
      if (this.#wire.answered !== answered || this.#wire.inputBlocked) this.watch();
      else this.#wire.guard(() => this.#owner.stalled(this));
    };
    // Data that came while our event loop was blocked is read first.
    this.#timer = setTimeout(() => setImmediate(look), STALL_MS);
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
