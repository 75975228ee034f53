/**
 * Tells whether another process with the same link is active instead of this one, from the broker's refusals and
 * deliveries.
 */
import { formatAddress } from "../../errors/errors.ts";
import type { Connection } from "../../messaging/connection/connection.ts";
import type { BridgeLink } from "../config/bridge-config.ts";
import type { Standby } from "./link-state.ts";
import type { SourceRefusal } from "./source-consumer.ts";

/** How both adapters word this refusal. */
const CLIENT_ID_IN_USE = /another live connection uses this clientId/;

export interface StandbyWatchDeps {
  readonly source: Connection;
  readonly settings: Pick<BridgeLink, "durable" | "exclusive">;
  readonly onChange: () => void;
}

export class StandbyWatch {
  /** Resolves when another process is found to be active; stays pending if none is. */
  readonly found: Promise<void>;
  readonly #deps: StandbyWatchDeps;
  #resolve: () => void = () => {};
  /** The reason in words while another process has the client id or the subscription. */
  #heldBy: string | undefined;
  /** Whether a message came in this session: then no other process is the exclusive consumer. */
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
        // The other endpoints answer that they are not active, and the one that reported the client id may not be
        // active any more.
      } else if (outcome === "session" || at === heldAt) this.#hold(undefined);
    });
    source.on("warning", ({ code, message }) => code === "SUBSCRIPTION_IN_USE" && this.#hold(message));
  }

  get standby(): Standby | undefined {
    const { settings } = this.#deps;
    if (this.#heldBy !== undefined) return { waitsFor: "source", reason: this.#heldBy };
    // Only a delivered message proves that no other process is the exclusive consumer.
    if (!settings.exclusive || settings.durable || this.#isGiven) return undefined;
    const reason =
      "the source has given this process no message: another one is its exclusive consumer, or it has none";
    return { waitsFor: "messages", reason };
  }

  /** Call it when the source has delivered a message to this process. */
  given(): void {
    if (this.#isGiven) return;
    this.#isGiven = true;
    this.#deps.onChange();
  }

  /** Call it with the refusal when the source refuses a consumer, and with undefined when it accepts one. */
  refused(refusal: SourceRefusal | undefined): void {
    const { durable, exclusive } = this.#deps.settings;
    if (!durable) return;
    if (!refusal) this.#hold(undefined);
    // If another process holds the subscription for longer than durableRetryMs, this consumer fails for good, and the
    // link opens another one.
    else if (exclusive && !refusal.final) this.#hold(refusal.reason);
  }

  #hold(reason: string | undefined): void {
    if (reason !== undefined) this.#resolve();
    if (this.#heldBy === reason) return;
    this.#heldBy = reason;
    this.#deps.onChange();
  }
}
