/** Counts rejected calls by the code of their error. */
import { MasterSlaveError } from "../../../../src/errors/errors.ts";

export class Rejections {
  readonly counts: Record<string, number> = {};
  /** The unexpected rejections, in words. */
  readonly unexpected: string[] = [];
  readonly #expected: ReadonlySet<string>;

  /** `expected`: the codes that a kill may cause. */
  constructor(expected: readonly string[]) {
    this.#expected = new Set(expected);
  }

  note(reason: unknown): void {
    const code = reason instanceof MasterSlaveError ? reason.code : "UNTYPED";
    this.counts[code] = (this.counts[code] ?? 0) + 1;
    if (!this.#expected.has(code))
      this.unexpected.push(`${code}: ${reason instanceof Error ? reason.message : reason}`);
  }
}
