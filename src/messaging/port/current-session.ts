/** Owns the present session of a connection: all other parts ask here for it, and wait here for the next one. */

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
  /** There is no session; one is looked for. */
  | { readonly name: "none" }
  /** The session is being given what waited for it; it takes nothing new yet. */
  | { readonly name: "restoring" }
  /** The session takes everything. */
  | { readonly name: "open"; readonly reached: ReachedSession }
  /** No session will come any more. */
  | { readonly name: "over"; readonly failure: MasterSlaveError };

const NONE: State = { name: "none" };
const RESTORING: State = { name: "restoring" };

export class CurrentSession {
  #state: State = NONE;
  /** The endpoint and broker of the latest session, which may have ended. */
  #latest: { readonly endpoint: EndpointAddress; readonly broker: Broker } | undefined;
  readonly #waiting = new Set<() => void>();

  /** The session that takes sends and subscriptions now; undefined while there is none, or while it is being restored. */
  get target(): MessagingSession | undefined {
    return this.#state.name === "open" ? this.#state.reached.session : undefined;
  }

  /** Whether there is a session, even one that is still being restored. */
  get connected(): boolean {
    return this.#state.name === "open" || this.#state.name === "restoring";
  }

  /** The endpoint of the session, or of the latest one. */
  get endpoint(): EndpointAddress | undefined {
    return this.#latest?.endpoint;
  }

  /** The broker, as the latest handshake described it; undefined before the first. */
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

  /** Notes a new session, which takes nothing new until open() is called. */
  reached({ session: { broker }, endpoint }: ReachedSession): void {
    this.#latest = { endpoint, broker };
    this.#state = RESTORING;
  }

  /** Lets the session take everything, once it has been given what waited for it. */
  open(reached: ReachedSession): void {
    this.#state = { name: "open", reached };
    this.#wake();
  }

  interrupt(): void {
    this.#state = NONE;
  }

  /** Rejects all waiting callers: no session will come any more. */
  end(failure: MasterSlaveError): void {
    this.#state = { name: "over", failure };
    this.#wake();
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
