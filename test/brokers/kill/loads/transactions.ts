/** Transactions of several sends: some of them are rolled back on purpose, some may run again. */
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import type { Transaction } from "../../../../src/messaging/receiving/handling/transact.ts";
import { Lanes } from "./lanes.ts";
import type { LoadFindings, StartLoad } from "./load.ts";
import { readQueue } from "./read-queue.ts";
import { Rejections } from "./rejections.ts";
import { TransactionBook } from "./transaction-book.ts";

const MEMBERS = 5;
/** One in this many rolls back on purpose. */
const ROLLED_BACK = 7;
/** One in this many runs its work again after an interruption. */
const RUN_AGAIN = 2;

class ChangedMind extends Error {}

export const startTransactions: StartLoad = async (context) => {
  const queue = `queue://${context.name}.transactions`;
  const connection = await context.connect();
  const sending = new Transactions(connection, queue);
  const lanes = new Lanes({ lanes: 10, pauseMs: 2 + (context.restMs ?? 0) }, () => sending.transact());
  const { book } = sending;
  return {
    get done() {
      return book.committed;
    },
    stop: () => lanes.stop(),
    settle: async () =>
      readQueue(
        await context.connect(),
        queue,
        ({ properties }) => book.received(Number(properties["run"]), Number(properties["n"])),
        () => book.complete,
      ),
    findings: () => sending.findings(),
  };
};

class Transactions {
  readonly book = new TransactionBook();
  readonly #connection: Connection;
  readonly #queue: string;
  readonly #rejections = new Rejections(["TRANSACTION_INTERRUPTED", "TRANSACTION_IN_DOUBT"]);
  #begun = 0;

  constructor(connection: Connection, queue: string) {
    this.#connection = connection;
    this.#queue = queue;
  }

  /** Each run of the work is recorded separately, because only the last one may take effect. */
  async transact(): Promise<void> {
    this.#begun += 1;
    const { book } = this;
    const changesMind = this.#begun % ROLLED_BACK === 0;
    const retries = this.#begun % RUN_AGAIN === 0 ? 3 : 0;
    let run: number | undefined;
    const work = async (transaction: Transaction) => {
      if (run !== undefined) book.end(run, "rolled back");
      run = book.begin(MEMBERS);
      await this.#sendMembers(transaction, run);
      if (changesMind) throw new ChangedMind();
    };
    try {
      await this.#connection.transaction(work, { retries });
      if (run !== undefined) book.end(run, "committed");
    } catch (reason) {
      if (!(reason instanceof ChangedMind)) this.#rejections.note(reason);
      if (run !== undefined) book.end(run, isInDoubt(reason) ? "in doubt" : "rolled back");
    }
  }

  async #sendMembers(transaction: Transaction, run: number): Promise<void> {
    const members = Array.from({ length: MEMBERS }, (_, index) => index + 1);
    await Promise.all(
      members.map((n) => transaction.send(this.#queue, `${n} of ${MEMBERS}`, { properties: { run, n } })),
    );
  }

  findings(): LoadFindings {
    const findings = this.book.findings();
    return {
      ...findings,
      unexpected: [...findings.unexpected, ...this.#rejections.unexpected],
      rejections: this.#rejections.counts,
    };
  }
}

function isInDoubt(reason: unknown): boolean {
  return reason instanceof Error && "code" in reason && reason.code === "TRANSACTION_IN_DOUBT";
}
