/** Tells a program that uses a connection and has not called connect(). */
import { startTimer } from "../../async/timer.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";

const UNCONNECTED = "connect() was not called on this connection: everything waits until it is";
/** So long it may take to come to it, ms. */
const AFTER_MS = 1_000;

interface Noticed {
  readonly state: { readonly name: string };
  warn(warning: ConnectionWarning): void;
}

export class IdleNotice {
  readonly #connection: Noticed;
  #stop: (() => void) | undefined;

  constructor(connection: Noticed) {
    this.#connection = connection;
  }

  get #idle(): boolean {
    return this.#connection.state.name === "idle";
  }

  /** Something is to be sent: returns what its time-out adds to the error. One warning follows, if it stays so. */
  hint(): { readonly hint?: () => string } {
    if (!this.#idle) return {};
    this.#stop ??= startTimer(AFTER_MS, () => {
      if (this.#idle) this.#connection.warn({ code: "NOT_CONNECTED", message: UNCONNECTED, endpoint: undefined });
    });
    return { hint: () => (this.#idle ? `: ${UNCONNECTED}` : "") };
  }

  /** connect() or close() was called. */
  forget(): void {
    this.#stop?.();
  }
}
