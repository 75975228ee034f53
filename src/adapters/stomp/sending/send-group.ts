/**
 * Several sends in one transaction: the members without receipts, and a fence. The fence's receipt says that every member
 * was carried out or refused; COMMIT follows only when none was refused, so that a refusal stores nothing.
 */
import type { OutgoingSend } from "../../../messaging/port/messaging-session.ts";
import type { EncodedSend } from "../messages/encoded-send.ts";
import { sendLines } from "./sends.ts";
import type { Wire } from "./wire.ts";

/** Larger groups are hardly faster; and what is not committed takes of a destination's memory limit, which can be 1 MiB. */
export const MAX_MEMBERS = 128;
export const MAX_GROUP_BYTES = 256 * 1024;
/**
 * A fence unanswered for so long, and nothing else answered either: Classic has stopped reading the connection over a
 * member for which there is no room, and it may be the uncommitted members that take the room.
 */
const STALL_MS = 5_000;

export interface GroupMember {
  readonly send: OutgoingSend;
  readonly encoded: EncodedSend;
}

/** The rest goes by itself: it costs the broker no sync, is scheduled apart from the transaction, or may kill the session. */
export function isGroupable({ message, inDoubt }: OutgoingSend): boolean {
  const { persistent, deliverAtMs, body } = message;
  return persistent && deliverAtMs === undefined && !inDoubt && body.length <= MAX_GROUP_BYTES;
}

/** Told once each, of a group as it goes on. */
export interface GroupOwner {
  /** All members were carried out or refused. `begun`: the transaction of the next group has begun. */
  fenced(group: SendGroup, begun: boolean): void;
  /** Everything is stored. */
  committed(group: SendGroup): void;
  /** COMMIT was refused, or cannot be believed. */
  failed(group: SendGroup): void;
  /** The broker answers nothing any more. */
  stalled(group: SendGroup): void;
}

export class SendGroup {
  readonly members: readonly GroupMember[];
  /** How many ERRORs can be of a member. */
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

  /** In a transaction that has begun; watch() comes when nothing is before it. The fence begins that of the next group, which costs no sync; the ABORT of an empty one would. */
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
      // Refused by name, or a member is too large: then the session ends, and that one is found when it goes by itself.
      onRefused: () => {
        this.noteError();
        this.#fenced(false);
      },
      onUnnamed: () => this.noteError(),
      onSessionEnd: () => this.#unwatch(),
    };
    this.#wire.request("BEGIN", { transaction: next }, fence);
  }

  /** An ERROR that can be of a member: nothing of the group is believed any more. */
  noteError(): void {
    this.errors += 1;
  }

  /** What was to be stored before it is not: it must not be either. */
  distrust(): void {
    this.#trusted = false;
  }

  /** Whether it may be committed. */
  get believed(): boolean {
    return this.#trusted && this.errors === 0;
  }

  commit(): void {
    const failed = () => this.#owner.failed(this);
    // Classic refuses it when a member failed late; where its configuration has it do otherwise, an ERROR has come.
    const onReceipt = () => (this.errors > 0 ? failed() : this.#owner.committed(this));
    // Before it is answered nothing behind it has been read.
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

  /** From now on nothing keeps the broker from its fence but its own members. */
  watch(): void {
    const { answered } = this.#wire;
    const look = () => {
      if (this.#timer === undefined) return;
      // An answer may wait behind a frame that is on its way; one that will never be whole is found out by the frame watch.
      if (this.#wire.answered !== answered || this.#wire.inputBlocked) this.watch();
      else this.#wire.guard(() => this.#owner.stalled(this));
    };
    // What has come while our own loop was blocked is read first.
    this.#timer = setTimeout(() => setImmediate(look), STALL_MS);
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
