/** Searches everything that a run has printed and emitted for planted secrets. */
import { readFileSync } from "node:fs";
import { formsOf, type Secret, type SecretForm } from "./planted.ts";

export interface Leak {
  readonly file: string;
  readonly position: number;
  readonly kind: string;
  readonly form: string;
}

/** A file is not searched further after this many leaks. */
const MAX_LEAKS = 20;

/** Finds any form of any secret in one pass, by its first two bytes. */
export class SecretSearch {
  readonly forms: readonly SecretForm[];
  readonly #byStart = new Map<number, { readonly bytes: Buffer; readonly form: SecretForm }[]>();
  readonly #starts = new Uint8Array(65_536);

  constructor(secrets: readonly Secret[]) {
    this.forms = secrets.flatMap(formsOf);
    for (const form of this.forms) {
      const bytes = Buffer.from(form.text);
      const start = bytes.readUInt16BE(0);
      this.#starts[start] = 1;
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), { bytes, form }]);
    }
  }

  /** Returns the leaks in these bytes, which are those of the file with this name. */
  in(bytes: Buffer, file: string): readonly Leak[] {
    const leaks: Leak[] = [];
    for (let at = 0; at + 1 < bytes.length && leaks.length < MAX_LEAKS; at++) {
      const start = ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
      if (this.#starts[start] === 0) continue;
      for (const candidate of this.#byStart.get(start) ?? []) {
        if (!candidate.bytes.equals(bytes.subarray(at, at + candidate.bytes.length))) continue;
        leaks.push({ file, position: at, kind: candidate.form.kind, form: candidate.form.form });
      }
    }
    return leaks;
  }

  inFile(path: string): { readonly leaks: readonly Leak[]; readonly bytes: number } {
    const bytes = readFileSync(path);
    return { leaks: this.in(bytes, path), bytes: bytes.length };
  }
}
