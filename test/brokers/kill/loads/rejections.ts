/** Why calls rejected, counted by the code of the error. */
import { MasterSlaveError } from "../../../../src/errors/errors.ts";

export class Rejections {
  readonly counts: Record<string, number> = {};
  /** Those that nobody has to expect, in words. */
  readonly unexpected: string[] = [];
  readonly #expected: ReadonlySet<string>;

  /** `expected`: the codes a kill may lead to. */
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
