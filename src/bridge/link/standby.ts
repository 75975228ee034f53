/** Tells whether another process with the same link works in place of this one, by what the source's broker says and gives. */
import { formatAddress } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { BridgeLink } from "../config/bridge-config.ts";
import type { Standby } from "./link-state.ts";
import type { SourceRefusal } from "./source-consumer.ts";

/** In the words of both adapters. */
const CLIENT_ID_IN_USE = /another live connection uses this clientId/;

export interface StandbyWatchDeps {
  readonly source: Connection;
  readonly settings: Pick<BridgeLink, "durable" | "exclusive">;
  readonly onChange: () => void;
}

export class StandbyWatch {
  /** Resolves when the link has to wait for another process to leave; never where nothing makes it wait. */
  readonly found: Promise<void>;
  readonly #deps: StandbyWatchDeps;
  #resolve: () => void = () => {};
  /** Another process has the client id, or the subscription. */
  #heldBy: string | undefined;
  /** A message came in this session: no other process is the exclusive consumer. */
  #isGiven = false;

  constructor(deps: StandbyWatchDeps) {
    this.#deps = deps;
    this.found = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const { source, settings } = deps;
    source.on("interrupted", () => {
      this.#isGiven = false;
    });
    if (!settings.durable) return;
    let heldAt: string | undefined;
    source.on("attempt", ({ endpoint, outcome }) => {
      const at = formatAddress(endpoint);
      if (outcome !== "session" && CLIENT_ID_IN_USE.test(outcome.message)) {
        heldAt = at;
        this.#hold(outcome.message);
        // The others say that they are not active; the one that said it may not be active any more.
      } else if (outcome === "session" || at === heldAt) this.#hold(undefined);
    });
    source.on("warning", ({ code, message }) => code === "SUBSCRIPTION_IN_USE" && this.#hold(message));
  }

  get standby(): Standby | undefined {
    const { settings } = this.#deps;
    if (this.#heldBy !== undefined) return { waitsFor: "source", reason: this.#heldBy };
    // Only the message that comes tells that nobody else is the exclusive consumer.
    if (!settings.exclusive || settings.durable || this.#isGiven) return undefined;
    const reason =
      "the source has given this process no message: another one is its exclusive consumer, or it has none";
    return { waitsFor: "messages", reason };
  }

  /** The source gave this process a message. */
  given(): void {
    if (this.#isGiven) return;
    this.#isGiven = true;
    this.#deps.onChange();
  }

  /** The source refused a consumer, or has it (undefined). */
  refused(refusal: SourceRefusal | undefined): void {
    const { durable, exclusive } = this.#deps.settings;
    if (!durable) return;
    if (!refusal) this.#hold(undefined);
    // Whoever has it for longer than durableRetryMs makes the broker's word final for this consumer; another is opened.
    else if (exclusive && !refusal.final) this.#hold(refusal.reason);
  }

  #hold(reason: string | undefined): void {
    if (reason !== undefined) this.#resolve();
    if (this.#heldBy === reason) return;
    this.#heldBy = reason;
    this.#deps.onChange();
  }
}
