/** The session of the moment: its one owner, which everybody else asks, and who waits for there to be one. */

import { onAbort } from "../../async/on-abort.ts";
import { unlessAborted } from "../../async/unless-aborted.ts";
import { AbortError, type EndpointAddress, MasterSlaveError } from "../../errors/errors.ts";
import type { Broker, MessagingSession } from "./messaging-session.ts";
import { whenEnded } from "./when-ended.ts";

export interface ReachedSession {
  readonly session: MessagingSession;
  readonly endpoint: EndpointAddress;
}

type State =
  /** There is none, and one is looked for. */
  | { readonly name: "none" }
  /** What waited for a session is given to it; nothing new is yet. */
  | { readonly name: "restoring" }
  /** It takes everything. */
  | { readonly name: "open"; readonly reached: ReachedSession }
  /** No session will come any more. */
  | { readonly name: "over"; readonly failure: MasterSlaveError };

const NONE: State = { name: "none" };
const RESTORING: State = { name: "restoring" };

export class CurrentSession {
  #state: State = NONE;
  /** The latest, which may have ended. */
  #latest: { readonly endpoint: EndpointAddress; readonly broker: Broker } | undefined;
  readonly #waiting = new Set<() => void>();

  /** The session that takes sends and subscriptions now; undefined while there is none, or while it is being restored. */
  get target(): MessagingSession | undefined {
    return this.#state.name === "open" ? this.#state.reached.session : undefined;
  }

  /** Whether there is a session, be it one that is being restored. */
  get connected(): boolean {
    return this.#state.name === "open" || this.#state.name === "restoring";
  }

  /** Where the session is, or the latest was. */
  get endpoint(): EndpointAddress | undefined {
    return this.#latest?.endpoint;
  }

  /** What the latest handshake told of the broker. */
  get broker(): Broker | undefined {
    return this.#latest?.broker;
  }

  /**
   * Resolves with a session other than `ended` as soon as there is one. Rejects with ABORTED when `signal` fires (with
   * its reason if that is one of our errors), and with the reason when no session will come.
   */
  next(what: string, signal: AbortSignal | undefined, ended?: MessagingSession): Promise<ReachedSession> {
    return new Promise((resolve, reject) => {
      let forget = () => {};
      const look = () => {
        const state = this.#state;
        if (state.name === "open" && state.reached.session !== ended) resolve(state.reached);
        else if (state.name === "over") reject(state.failure);
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

  /** Asks the present session, and the next one if it ends before it has answered. Rejects as next() and `ask` do. */
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
        // A session may report the loss on this request before it reports its own end.
        await new Promise((resolve) => setImmediate(resolve));
        if (ended !== reached.session || signal.aborted) throw reason;
      }
    }
  }

  /** A handshake is done. What waited goes first: see open(). */
  reached({ session: { broker }, endpoint }: ReachedSession): void {
    this.#latest = { endpoint, broker };
    this.#state = RESTORING;
  }

  /** What waited has been given to the session: from now on it takes what comes. */
  open(reached: ReachedSession): void {
    this.#state = { name: "open", reached };
    this.#wake();
  }

  interrupt(): void {
    this.#state = NONE;
  }

  /** No session will come any more. */
  end(failure: MasterSlaveError): void {
    this.#state = { name: "over", failure };
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
