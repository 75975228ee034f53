/** The questions to a child process that it has not answered yet. */
import { UnsupportedError } from "../../errors/errors.ts";
import type { ToParent } from "./member-messages.ts";

/** A paused member does not answer. */
const PATIENCE_MS = 5000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

export class Answers {
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** Resolves with the answer; rejects when the member refuses, ends, or does not answer within 5 s. */
  ask(put: (id: number) => void): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new UnsupportedError(`The member did not answer for ${PATIENCE_MS} ms; is it paused?`));
      }, PATIENCE_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      put(id);
    });
  }

  take(message: Exclude<ToParent, { readonly kind: "event" }>): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if (message.kind === "answer") waiting.resolve(message.value);
    else waiting.reject(new UnsupportedError(message.reason));
  }

  end(reason: string): void {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new UnsupportedError(reason));
    }
    this.#waiting.clear();
  }
}
