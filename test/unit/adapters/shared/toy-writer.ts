/** A toy protocol under SendGroups: it records what is written, and the test answers in place of the broker. */
import type { GroupAnswer, GroupTransaction, GroupWriter } from "../../../../src/adapters/shared/group-writer.ts";
import { SendGroups } from "../../../../src/adapters/shared/send-groups.ts";
import { SendRejectedError } from "../../../../src/errors/errors.ts";
import type { MessageOptions } from "../../../../src/messaging/messages/outgoing-message.ts";
import type { OutgoingSend } from "../../../../src/messaging/port/messaging-session.ts";
import { TestSend } from "../stomp/messaging-steps.ts";

/** A body that the toy protocol cannot write. */
export const UNWRITABLE = "unwritable";

interface Check {
  readonly sends: readonly OutgoingSend[];
  readonly onDone: () => void;
}

export class ToyWriter implements GroupWriter {
  /** What was written: `begin 1`, `a in 1`, `commit 1`, `roll back 1`, `check a b`. */
  readonly log: string[] = [];
  /** What was thrown while guarded. */
  readonly mistakes: unknown[] = [];
  readonly groups = new SendGroups(this);
  open = true;
  room = Number.POSITIVE_INFINITY;
  quiet = true;
  /** Whether begin() has a transaction at once. */
  ready = true;
  readonly #answers: GroupAnswer[] = [];
  #check: Check | undefined;

  guard(act: () => void): void {
    try {
      act();
    } catch (mistake) {
      this.mistakes.push(mistake);
    }
  }

  mustCheck({ inDoubt }: OutgoingSend): boolean {
    return inDoubt;
  }

  begin(answer: GroupAnswer): GroupTransaction | undefined {
    if (!this.ready) return undefined;
    const number = this.#answers.push(answer);
    this.log.push(`begin ${number}`);
    return {
      write: (send) => this.#writeMember(send, number),
      commit: () => this.log.push(`commit ${number}`),
      rollBack: () => this.log.push(`roll back ${number}`),
    };
  }

  check(sends: readonly OutgoingSend[], onDone: () => void): void {
    this.log.push(`check ${sends.map(nameOf).join(" ")}`);
    this.#check = { sends, onDone };
    for (const send of sends) send.onWritten();
  }

  unanswered(send: OutgoingSend): SendRejectedError {
    return refusalOf(send, "did not store");
  }

  /** The sends that are being checked. */
  get checking(): readonly OutgoingSend[] {
    return this.#check?.sends ?? [];
  }

  /** The broker stores the transaction of this number, but for the members that it refuses by name. */
  store(number: number, ...named: OutgoingSend[]): void {
    const answer = this.#answer(number);
    this.nameRefused(number, ...named);
    answer.stored();
  }

  /** The broker refuses the commit of this number, and refuses some members by name. */
  refuse(number: number, ...named: OutgoingSend[]): void {
    const answer = this.#answer(number);
    this.nameRefused(number, ...named);
    answer.refused();
  }

  /** The broker refuses members of the transaction of this number by name; it need not be committed yet. */
  nameRefused(number: number, ...named: OutgoingSend[]): void {
    const answer = this.#answers[number - 1];
    for (const send of named) answer?.memberRefused(send, { kind: "failed", error: refusalOf(send, "refused") });
  }

  /** The broker answers all sends that are being checked: it stores them, but for those that it refuses. */
  answerCheck(...refused: OutgoingSend[]): void {
    const check = this.#check;
    if (!check) throw new Error("Nothing is being checked");
    this.#check = undefined;
    tellRefused(refused);
    for (const send of check.sends) if (!refused.includes(send)) send.onOutcome({ kind: "confirmed" });
    check.onDone();
  }

  #answer(number: number): GroupAnswer {
    const answer = this.#answers[number - 1];
    if (!answer || !this.log.includes(`commit ${number}`)) throw new Error(`Nobody committed ${number}`);
    return answer;
  }

  #writeMember(send: OutgoingSend, number: number): boolean {
    if (nameOf(send) === UNWRITABLE) {
      send.onOutcome({ kind: "failed", error: refusalOf(send, "cannot write") });
      return false;
    }
    this.log.push(`${nameOf(send)} in ${number}`);
    send.onWritten();
    return true;
  }
}

/** The type of the message where it has one, so that large bodies have short names; its body otherwise. */
export function nameOf({ message }: OutgoingSend): string {
  return message.type ?? message.body.toString();
}

/** Sends one message for each letter. */
export function sendAll({ groups }: ToyWriter, letters: string, options: MessageOptions = {}): TestSend[] {
  const sends = [...letters].map((letter) => new TestSend(letter, options));
  for (const send of sends) groups.send(send);
  return sends;
}

/** Sends one message for each letter that the broker may have already. */
export function sendInDoubt({ groups }: ToyWriter, letters: string): TestSend[] {
  const sends = [...letters].map((letter) => Object.assign(new TestSend(letter), { inDoubt: true }));
  for (const send of sends) groups.send(send);
  return sends;
}

/** Sends so many small messages, or messages of so many bytes. */
export function sendMany({ groups }: ToyWriter, count: number, bytes = 1): TestSend[] {
  const body = Buffer.alloc(bytes);
  const sends = Array.from({ length: count }, () => new TestSend(body, { type: "m" }));
  for (const send of sends) groups.send(send);
  return sends;
}

/** The outcomes of each send, or "-" for none. */
export function outcomesOf(sends: readonly TestSend[]): string {
  return sends.map(({ outcomes }) => outcomes.map(({ kind }) => kind).join("+") || "-").join(" ");
}

/** Lets the turn end, and all that it has put off until its end happen. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function tellRefused(sends: readonly OutgoingSend[]): void {
  for (const send of sends) send.onOutcome({ kind: "failed", error: refusalOf(send, "refused") });
}

function refusalOf(send: OutgoingSend, what: string): SendRejectedError {
  return new SendRejectedError(`The toy broker ${what} message ${nameOf(send)}`, { id: send.message.id });
}
