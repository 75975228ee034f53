/** The port between groups of sends and a protocol: how the protocol writes transactions, and what it answers. */
import type { MasterSlaveError } from "../../errors/errors.ts";
import type { OutgoingSend, SendOutcome } from "../../messaging/port/messaging-session.ts";

/** One transaction of the protocol. */
export interface GroupTransaction {
  /** Writes a member and calls its `onWritten`. Returns false, after telling its outcome, if it cannot be written. */
  write(send: OutgoingSend): boolean;
  /**
   * Asks the broker to store the members. Then `stored` or `refused` of its answer is called, unless the session ends
   * first.
   */
  commit(): void;
  /** Rolls the transaction back. Nothing is called after this. */
  rollBack(): void;
}

/** What a protocol reports about a transaction. */
export interface GroupAnswer {
  /** The broker has refused this member by name. */
  memberRefused(send: OutgoingSend, outcome: SendOutcome): void;
  /** The broker has stored every member that it has not refused by name. */
  stored(): void;
  /** The broker has stored none of the members. */
  refused(): void;
}

/** Writes sends in a protocol's way. */
export interface GroupWriter {
  /** Whether frames are still written. */
  readonly open: boolean;
  /** Calls `act`, and ends the session if it throws. */
  guard(act: () => void): void;
  /** How many sends can be written now. When this was 0 and has grown, the owner calls `flush()`. */
  readonly room: number;
  /**
   * Whether sends can be checked now: nothing that other parts wrote is unanswered. When this becomes true again, the
   * owner calls `flush()`.
   */
  readonly quiet: boolean;
  /**
   * Whether the broker may have stored this send already, or cannot take it into a transaction: then it is checked
   * instead.
   */
  mustCheck(send: OutgoingSend): boolean;
  /** Whether this send must be checked alone, because it may take the answers meant for others. */
  checksAlone?(send: OutgoingSend): boolean;
  /**
   * Begins a transaction. Returns undefined if that takes a while: the owner calls `flush()` when one has begun, or
   * when none can.
   */
  begin(answer: GroupAnswer): GroupTransaction | undefined;
  /**
   * Writes sends outside of transactions, each with its id, so that the broker drops those that it has stored. Tells
   * each its outcome, a confirmation only when the message is certainly stored. Calls `onDone` when more can be written
   * behind them.
   */
  check(sends: readonly OutgoingSend[], onDone: () => void): void;
  /**
   * The outcome of a send whose broker answer will never be asked for: its caller has given up, or nothing can be
   * written.
   */
  unanswered(send: OutgoingSend): MasterSlaveError;
}
