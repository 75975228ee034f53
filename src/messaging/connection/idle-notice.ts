/** Warns a program that uses a connection without having called connect(). */
import { startTimer } from "../../async/timer.ts";
import type { ConnectionWarning } from "../port/adapter-settings.ts";

const UNCONNECTED = "connect() was not called on this connection: everything waits until it is";
/** How long after the first use to wait for connect(), in ms. */
const AFTER_MS = 1_000;

interface Noticed {
  readonly state: { readonly name: string };
  warn(warning: ConnectionWarning): void;
}

export class IdleNotice {
  readonly #connection: Noticed;
  #stop: (() => void) | undefined;
  /**
   * Checked before the state, because reading the state creates an object: that would take a quarter of the time of
   * each send.
   */
  #forgotten = false;

  constructor(connection: Noticed) {
    this.#connection = connection;
  }

  get #idle(): boolean {
    return !this.#forgotten && this.#connection.state.name === "idle";
  }

  /**
   * Notes a send before connect(): returns the text that its timeout error adds. One warning follows if connect() is
   * not called.
   */
  hint(): { readonly hint?: () => string } {
    if (!this.#idle) return {};
    this.#stop ??= startTimer(AFTER_MS, () => {
      if (this.#idle) this.#connection.warn({ code: "NOT_CONNECTED", message: UNCONNECTED, endpoint: undefined });
    });
    return { hint: () => (this.#idle ? `: ${UNCONNECTED}` : "") };
  }

  /** connect() or close() was called. */
  forget(): void {
    this.#forgotten = true;
    this.#stop?.();
  }
}
