/** The session of the moment, and who waits for there to be one. */

import { onAbort } from "../../async/on-abort.ts";
import { unlessAborted } from "../../async/unless-aborted.ts";
import { AbortError, type EndpointAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { MessagingSession } from "./messaging-session.ts";
import { whenEnded } from "./when-ended.ts";

export interface ReachedSession {
  readonly session: MessagingSession;
  readonly endpoint: EndpointAddress;
}

export class CurrentSession {
  #current: ReachedSession | undefined;
  #failure: MasterSlaveError | undefined;
  readonly #waiting = new Set<() => void>();

  /**
   * Resolves with a session other than `ended` as soon as there is one. Rejects with ABORTED when `signal` fires, or with
   * its reason if that is ours, and with why when there will be none.
   */
  next(what: string, signal: AbortSignal | undefined, ended?: MessagingSession): Promise<ReachedSession> {
    return new Promise((resolve, reject) => {
      let forget = () => {};
      const look = () => {
        if (this.#current && this.#current.session !== ended) resolve(this.#current);
        else if (this.#failure) reject(this.#failure);
        else return false;
        this.#waiting.delete(look);
        forget();
        return true;
      };
      const abort = () => {
        this.#waiting.delete(look);
        const reason: unknown = signal?.reason;
        const text = `${what} was aborted while there was no session`;
        reject(reason instanceof MasterSlaveError ? reason : new AbortError(text, reason));
      };
      if (look()) return;
      if (signal?.aborted) {
        abort();
        return;
      }
      this.#waiting.add(look);
      if (signal) forget = onAbort(signal, abort);
    });
  }

  /** Asks the session of the moment, and the next one when it ends before it has answered. Rejects as next() and `ask` do. */
  async untilAnswered<T>(what: string, signal: AbortSignal, ask: (reached: ReachedSession) => Promise<T>): Promise<T> {
    let ended: MessagingSession | undefined;
    for (;;) {
      const reached = await this.next(what, signal, ended);
      const over = new Promise<never>((_, reject) => {
        whenEnded(reached.session, ({ error }) => {
          ended = reached.session;
          reject(error);
        });
      });
      over.catch(() => {});
      try {
        return await unlessAborted(signal, Promise.race([ask(reached), over]));
      } catch (reason) {
        // What the session says of its own end may come before the end.
        await new Promise((resolve) => setImmediate(resolve));
        if (ended !== reached.session || signal.aborted) throw reason;
      }
    }
  }

  begin(reached: ReachedSession): void {
    this.#current = reached;
    this.#wake();
  }

  interrupt(): void {
    this.#current = undefined;
  }

  /** There will be none any more. */
  end(failure: MasterSlaveError): void {
    this.#current = undefined;
    this.#failure = failure;
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
