/**
 * Keeps a group with secure and plain endpoints from failing over to a plain one because TLS failed at a secure one.
 */
import { unlessAborted } from "../../async/unless-aborted.ts";
import { AttemptError, formatAddress } from "../../errors/errors.ts";
import { type Endpoint, isSecure } from "../../uri/endpoint.ts";
import { attemptFailure } from "../dial/attempt-failure.ts";
import type { OpenContext, OpenSession, Session } from "../dial/session.ts";
import { identity } from "./endpoint-list.ts";

/** Failures that mean that no broker is there, so that none can have failed TLS either. */
const ABSENT: readonly string[] = ["ENDPOINT_REFUSED", "ENDPOINT_UNREACHABLE", "ENDPOINT_UNKNOWN"];

/**
 * Returns `open` with one more rule, for groups with secure and plain endpoints. A plain endpoint is refused
 * (PLAINTEXT_REFUSED) from the moment that TLS fails at a secure endpoint of `listed` until that endpoint finishes a
 * handshake or is gone, and does not speak while a TLS handshake is under way. For other groups it returns `open`
 * itself: endpoints named by a broker cannot make a group mixed.
 */
export function guardPlaintext<S extends Session>(open: OpenSession<S>, listed: readonly Endpoint[]): OpenSession<S> {
  const secure = listed.filter(isSecure);
  if (secure.length === 0 || secure.length === listed.length) return open;
  const guard = new PlaintextGuard(open, new Set(secure.map(identity)));
  return (endpoint, context) => guard.open(endpoint, context);
}

class PlaintextGuard<S extends Session> {
  readonly #open: OpenSession<S>;
  readonly #listed: ReadonlySet<string>;
  /** The secure endpoints whose last attempt failed with TLS_FAILED. It has at most as many entries as the list. */
  readonly #failed = new Map<string, AttemptError>();
  /** One promise for each TLS handshake under way; it resolves when the handshake ends, successfully or not. */
  readonly #handshakes = new Set<Promise<void>>();

  constructor(open: OpenSession<S>, listed: ReadonlySet<string>) {
    this.#open = open;
    this.#listed = listed;
  }

  open(endpoint: Endpoint, context: OpenContext): Promise<S> {
    if (!isSecure(endpoint)) return this.#openPlain(endpoint, context);
    return this.#listed.has(identity(endpoint)) ? this.#openSecure(endpoint, context) : this.#open(endpoint, context);
  }

  async #openSecure(endpoint: Endpoint, context: OpenContext): Promise<S> {
    const key = identity(endpoint);
    const handshake = this.#handshake();
    try {
      return await this.#open(endpoint, {
        ...context,
        stage: (stage) => {
          // Every stage after TCP begins with this word; see OpenContext.stage.
          if (stage.startsWith("connected")) handshake.begin();
          context.stage?.(stage);
        },
        turn: () => {
          this.#failed.delete(key);
          handshake.end();
          return context.turn();
        },
      });
    } catch (reason) {
      const failure = attemptFailure(endpoint, reason);
      if (failure.code === "TLS_FAILED") this.#failed.set(key, failure);
      else if (ABSENT.includes(failure.code)) this.#failed.delete(key);
      throw reason;
    } finally {
      handshake.end();
    }
  }

  async #openPlain(endpoint: Endpoint, context: OpenContext): Promise<S> {
    this.#refuseAfterFailure(endpoint);
    const undecided = async () => {
      while (this.#handshakes.size > 0) await unlessAborted(context.signal, Promise.race(this.#handshakes));
      this.#refuseAfterFailure(endpoint);
    };
    const turn = async () => {
      await undecided();
      await context.turn();
      await undecided();
    };
    return this.#open(endpoint, { ...context, turn });
  }

  #refuseAfterFailure(endpoint: Endpoint): void {
    const [failure] = this.#failed.values();
    if (failure === undefined) return;
    const text = `${formatAddress(endpoint)} was not asked, because it is plain and TLS failed at a secure endpoint of the group (${failure.message}): repair TLS there, or take that endpoint out of the URI`;
    throw new AttemptError("PLAINTEXT_REFUSED", text, { endpoint, cause: failure });
  }

  #handshake(): { begin(): void; end(): void } {
    let end = (): void => {};
    const under = new Promise<void>((resolve) => {
      end = resolve;
    });
    let over = false;
    return {
      begin: () => {
        if (!over) this.#handshakes.add(under);
      },
      end: () => {
        over = true;
        this.#handshakes.delete(under);
        end();
      },
    };
  }
}
