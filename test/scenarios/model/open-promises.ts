/** Every promise a program was given: each has to settle, and to reject only with what the case allows. */
import { MasterSlaveError } from "../../../src/index.ts";

/** Takes what a promise rejected with: returns whether that may be. */
export type Allow = (code: string) => boolean;

export class OpenPromises {
  readonly violations: string[] = [];
  readonly #open = new Map<Promise<void>, string>();

  /** Resolves when it has settled, either way. */
  keep(label: string, promise: Promise<unknown>, allow: Allow): Promise<void> {
    const kept: Promise<void> = promise
      .then(
        () => {},
        (reason: unknown) => {
          if (reason instanceof MasterSlaveError && allow(reason.code)) return;
          this.violations.push(`${label} rejected with ${describe(reason)}`);
        },
      )
      .then(() => void this.#open.delete(kept));
    this.#open.set(kept, label);
    return kept;
  }

  /** Waits for all there are; what is open after so long is a violation. Returns whether all have settled. */
  async settled(timeoutMs: number, what: (label: string) => boolean = () => true): Promise<boolean> {
    const waited = [...this.#open].filter(([, label]) => what(label));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([late, Promise.all(waited.map(([promise]) => promise))]);
    clearTimeout(timer);
    const open = waited.filter(([promise]) => this.#open.has(promise));
    for (const [promise, label] of open) {
      this.violations.push(`${label} had not settled after ${timeoutMs} ms`);
      this.#open.delete(promise);
    }
    return open.length === 0;
  }
}

function describe(reason: unknown): string {
  if (reason instanceof MasterSlaveError) return `${reason.code}: ${reason.message}`;
  return reason instanceof Error ? `${reason.stack}` : String(reason);
}
