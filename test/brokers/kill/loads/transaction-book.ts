/** Records transactions of numbered sends: each must be stored as a whole or not at all, as its outcome says. */
import { type LoadFindings, NO_FINDINGS } from "./load.ts";

export type TransactionOutcome = "committed" | "rolled back" | "in doubt";

interface Run {
  readonly members: number;
  outcome: TransactionOutcome | "open";
  /** The members that arrived, in order. */
  readonly seen: number[];
}

export class TransactionBook {
  /** The transactions, at the index number - 1. */
  readonly #runs: Run[] = [];
  readonly #strangers: string[] = [];
  #committed = 0;

  get committed(): number {
    return this.#committed;
  }

  /** Returns the number for a run of a transaction's work, which sends the members 1 to `members`. */
  begin(members: number): number {
    this.#runs.push({ members, outcome: "open", seen: [] });
    return this.#runs.length;
  }

  end(run: number, outcome: TransactionOutcome): void {
    const found = this.#runs[run - 1];
    if (found?.outcome !== "open") throw new Error(`Run ${run} is ${found?.outcome ?? "unknown"} already`);
    found.outcome = outcome;
    if (outcome === "committed") this.#committed += 1;
  }

  /** Records a member that arrived. Its queue is read once, so a member that comes twice was stored twice. */
  received(run: number, member: number): void {
    const found = this.#runs[run - 1];
    if (found && member >= 1 && member <= found.members) found.seen.push(member);
    else this.#strangers.push(`member ${member} of ${run}, which nobody sent`);
  }

  /** Whether every required member has arrived. */
  get complete(): boolean {
    return this.#runs.every((run) => run.outcome !== "committed" || distinct(run) === run.members);
  }

  findings(): LoadFindings {
    const named = this.#runs.map((run, index) => ({ ...run, name: describe(run, index + 1) }));
    const having = (outcome: Run["outcome"]) => named.filter((run) => run.outcome === outcome);
    const inDoubt = having("in doubt");
    const partial = [...having("committed"), ...inDoubt].filter((run) => isPart(run));
    const left = having("rolled back").filter(({ seen }) => seen.length > 0);
    return {
      ...NO_FINDINGS,
      begun: this.#runs.length,
      units: this.#committed,
      lost: names(having("committed").filter(({ seen }) => seen.length === 0)),
      outOfOrder: this.#runs.filter(({ seen }) => !isAscending(seen)).length,
      partial: names(partial),
      unexpected: [...names(left), ...this.#strangers],
      unsettled: having("open").length,
      doubled: this.#runs.filter((run) => run.seen.length > distinct(run)).length,
      inDoubt: { reported: inDoubt.length, held: inDoubt.filter(({ seen }) => seen.length > 0).length },
    };
  }
}

function distinct({ seen }: Run): number {
  return new Set(seen).size;
}

function isPart(run: Run): boolean {
  return run.seen.length > 0 && distinct(run) < run.members;
}

/** Copies of a member count as duplicates, not as disorder. */
function isAscending(seen: readonly number[]): boolean {
  const first = [...new Set(seen)];
  return first.every((member, index) => index === 0 || member > (first[index - 1] ?? 0));
}

function describe({ outcome, members, seen }: Run, number: number): string {
  return `transaction ${number}, ${outcome}: ${seen.length} of ${members} there`;
}

function names(runs: readonly { readonly name: string }[]): string[] {
  return runs.map(({ name }) => name);
}
