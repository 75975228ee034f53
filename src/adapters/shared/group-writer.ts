/** The port between groups of sends and a protocol: how a protocol writes transactions, and what it answers. */
import type { MasterSlaveError } from "../../errors/errors.ts";
import type { OutgoingSend, SendOutcome } from "../../messaging/port/messaging-session.ts";

/** One transaction of the protocol. */
export interface GroupTransaction {
  /** Writes a member and calls its `onWritten`. Returns false, with its outcome told, where it cannot be written. */
  write(send: OutgoingSend): boolean;
  /** Asks the broker to store the members. `stored` or `refused` of its answer is called, unless the session ends first. */
  commit(): void;
  /** Gives the transaction up. Nothing is called after it. */
  rollBack(): void;
}

/** What a protocol tells of a transaction. */
export interface GroupAnswer {
  /** The broker has refused this member by name. */
  memberRefused(send: OutgoingSend, outcome: SendOutcome): void;
  /** The broker has stored every member that it has not refused by name. */
  stored(): void;
  /** The broker has stored none. */
  refused(): void;
}

/** How a protocol writes sends. */
export interface GroupWriter {
  /** Whether anything is still written. */
  readonly open: boolean;
  /** Calls `act`, and ends the session if it throws. */
  guard(act: () => void): void;
  /** How many sends can be written now. The owner calls `flush()` when it was 0 and has grown. */
  readonly room: number;
  /** Whether sends can be checked now: nothing that others wrote is unanswered. The owner calls `flush()` when it is so again. */
  readonly quiet: boolean;
  /** Whether the broker may have stored this send already, or cannot take it into a transaction: it is checked instead. */
  mustCheck(send: OutgoingSend): boolean;
  /** Whether this send is to be checked with no other: it may take the answers of those with it. */
  checksAlone?(send: OutgoingSend): boolean;
  /** Begins a transaction. Returns undefined if that takes a while: the owner calls `flush()` when one has begun, or none can. */
  begin(answer: GroupAnswer): GroupTransaction | undefined;
  /**
   * Writes sends outside of transactions, each with its id, so that the broker drops those that it has stored. Tells each
   * its outcome, a confirmation only once the message is stored for certain. Calls `onDone` when more can be written behind them.
   */
  check(sends: readonly OutgoingSend[], onDone: () => void): void;
  /** The outcome of a send that nobody will ask the broker about any more: its caller has given up, or nothing can be written. */
  unanswered(send: OutgoingSend): MasterSlaveError;
}
