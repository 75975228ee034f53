/** Records inputs that transactions turn into outputs: each stored input must have one output, and must be gone. */
import { type LoadFindings, NO_FINDINGS } from "./load.ts";

export type InputOutcome = "confirmed" | "in doubt" | "rejected";

export class TransformBook {
  /** The inputs, at the index number - 1. */
  readonly #inputs: (InputOutcome | "open")[] = [];
  readonly #handled = new Set<number>();
  readonly #outputs = new Map<number, number>();
  readonly #left = new Set<number>();
  #repeats = 0;

  /** Returns the number for the next input, which is sent only once. */
  next(): number {
    this.#inputs.push("open");
    return this.#inputs.length;
  }

  settled(n: number, outcome: InputOutcome): void {
    this.#inputs[n - 1] = outcome;
  }

  /** Records that the handler was given an input. */
  handled(n: number): void {
    if (this.#handled.has(n)) this.#repeats += 1;
    this.#handled.add(n);
  }

  /** How many inputs the handler has not been given yet. */
  get backlog(): number {
    return this.#inputs.length - this.#handled.size;
  }

  get handledCount(): number {
    return this.#handled.size;
  }

  /** Whether the handler was given every confirmed input. */
  get complete(): boolean {
    return this.#inputs.every((outcome, index) => outcome !== "confirmed" || this.#handled.has(index + 1));
  }

  /** Records an output. The queue is read once, so an output that comes twice was stored twice. */
  output(n: number): void {
    this.#outputs.set(n, (this.#outputs.get(n) ?? 0) + 1);
  }

  /** Records an input that is still in its queue at the end. */
  leftOver(n: number): void {
    this.#left.add(n);
  }

  findings(): LoadFindings {
    const numbers = this.#inputs.map((outcome, index) => ({ n: index + 1, outcome }));
    const lost = numbers.filter(({ n, outcome }) => outcome === "confirmed" && !this.#outputs.has(n));
    const inDoubt = numbers.filter(({ outcome }) => outcome === "in doubt");
    const partial = [...this.#left].filter((n) => this.#outputs.has(n));
    const stray = [...this.#outputs.keys()].filter((n) => (this.#inputs[n - 1] ?? "rejected") === "rejected");
    return {
      ...NO_FINDINGS,
      begun: this.#inputs.length,
      units: this.#outputs.size,
      lost: lost.map(({ n }) => `input ${n}${this.#left.has(n) ? " was left where it was" : " has no output"}`),
      partial: partial.map((n) => `input ${n} has its output, and is still there`),
      unexpected: stray.map((n) => `an output of ${n}, which was not stored`),
      unsettled: numbers.filter(({ outcome }) => outcome === "open").length,
      doubled: [...this.#outputs.values()].filter((copies) => copies > 1).length,
      redelivered: this.#repeats,
      inDoubt: { reported: inDoubt.length, held: inDoubt.filter(({ n }) => this.#outputs.has(n)).length },
    };
  }
}
