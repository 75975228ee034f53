/** Watches both connections of a direction and derives the direction's state. */
import type { Connection } from "../../messaging/connection/connection.ts";
import type { Gate } from "../forwarding/gate.ts";
import type { LinkWatch } from "../watch/link-watch.ts";
import { type LinkState, linkState } from "./link-state.ts";
import type { SourceRefusal } from "./source-consumer.ts";
import { StandbyWatch, type StandbyWatchDeps } from "./standby.ts";

export interface LinkHealthDeps {
  readonly source: Connection;
  readonly target: Connection;
  readonly gate: Gate;
  readonly watch: LinkWatch;
  /** Why the forwarder holds its messages back; undefined if it does not. */
  readonly hold: () => { readonly code: string; readonly reason: string } | undefined;
  readonly settings: StandbyWatchDeps["settings"];
  /** Why some wanted destinations are not taken. */
  readonly demand: () => { readonly code: string; readonly reason: string } | undefined;
  readonly pending: () => number;
  /** `Date.now()` of the last settlement. */
  readonly progressAtMs: () => number | undefined;
  readonly onSourceInterrupted: () => void;
  /** Called once, when the direction has failed for good. */
  readonly onFailed: () => void;
  readonly onChange: () => void;
}

export class LinkHealth {
  readonly standby: StandbyWatch;
  readonly #deps: LinkHealthDeps;
  readonly #refusals = new Map<string, SourceRefusal>();
  #life: "starting" | "running" | "stopped" = "starting";
  #failure: { readonly code: string; readonly reason: string } | undefined;
  /** The `Date.now()` since which a message waits for the target's confirmation; undefined if none waits. */
  #waitingSinceMs: number | undefined;

  constructor(deps: LinkHealthDeps) {
    this.#deps = deps;
    const { source, target, settings, gate, onChange, onSourceInterrupted } = deps;
    this.standby = new StandbyWatch({ source, settings, onChange });
    source.on("interrupted", () => {
      onSourceInterrupted();
      onChange();
    });
    source.on("restored", onChange);
    source.on("failed", (error) => this.fail(error.code, `the source: ${error.message}`));
    target.on("interrupted", () => {
      gate.shut("target");
      onChange();
    });
    target.on("restored", () => {
      gate.open("target");
      onChange();
    });
    target.on("failed", (error) => this.fail(error.code, `the target: ${error.message}`));
  }

  get isFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** The present state. */
  get state(): LinkState {
    const { source, target, hold, demand, pending, progressAtMs, watch } = this.#deps;
    const waiting = pending();
    const now = Date.now();
    if (waiting === 0) this.#waitingSinceMs = undefined;
    else this.#waitingSinceMs ??= now;
    const since = Math.max(this.#waitingSinceMs ?? now, progressAtMs() ?? 0);
    return linkState({
      life: this.#life,
      failure: this.#failure,
      sourceConnected: source.endpoint !== undefined,
      targetConnected: target.endpoint !== undefined,
      sourceError: lastError(source),
      targetError: lastError(target),
      hold: hold(),
      standby: this.standby.standby,
      demand: demand(),
      refusal: this.#refusals.values().next().value,
      trouble: watch.trouble(progressAtMs()),
      pending: waiting,
      silentMs: now - since,
    });
  }

  get watch(): LinkWatch {
    return this.#deps.watch;
  }

  began(): void {
    if (this.#life === "starting") {
      this.#life = "running";
      this.#deps.watch.start();
    }
    this.#deps.onChange();
  }

  stopped(): void {
    this.#life = "stopped";
    this.#deps.watch.close();
    this.#deps.onChange();
  }

  /** Marks the link as failed for good. Only the first reason is kept. */
  fail(code: string, reason: string): void {
    if (this.#life === "stopped" || this.#failure) return;
    this.#failure = { code, reason };
    this.#deps.watch.close();
    this.#deps.onFailed();
    this.#deps.onChange();
  }

  /** Call it with the refusal when the source refuses a consumer, and with undefined when it accepts it. */
  refused(destination: string, refusal: SourceRefusal | undefined): void {
    this.standby.refused(refusal);
    if (refusal?.final) this.fail("SOURCE_REFUSES", `${destination}: ${refusal.reason}`);
    else if (refusal) this.#refusals.set(destination, refusal);
    else this.#refusals.delete(destination);
    this.#deps.onChange();
  }
}

function lastError({ state }: Connection): string | undefined {
  return "lastError" in state ? state.lastError?.message : undefined;
}
