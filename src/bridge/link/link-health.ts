/** Watches both connections of a direction, and derives its state. */
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
  /** The forwarder's hold. */
  readonly hold: () => { readonly code: string; readonly reason: string } | undefined;
  readonly settings: StandbyWatchDeps["settings"];
  /** Why not everything wanted is taken. */
  readonly demand: () => { readonly code: string; readonly reason: string } | undefined;
  readonly pending: () => number;
  /** `Date.now()` of the last settlement. */
  readonly progressAtMs: () => number | undefined;
  readonly onSourceInterrupted: () => void;
  readonly onChange: () => void;
}

export class LinkHealth {
  readonly standby: StandbyWatch;
  readonly #deps: LinkHealthDeps;
  readonly #refusals = new Map<string, SourceRefusal>();
  #life: "starting" | "running" | "stopped" = "starting";
  #failure: { readonly code: string; readonly reason: string } | undefined;
  /** `Date.now()` since when something waits for the target; undefined if nothing does. */
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

  get life(): "starting" | "running" | "stopped" {
    return this.#life;
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

  /** The link has failed for good; the first reason is kept. */
  fail(code: string, reason: string): void {
    if (this.#life === "stopped") return;
    this.#failure ??= { code, reason };
    this.#deps.watch.close();
    this.#deps.onChange();
  }

  /** The source refused a consumer, or has it (undefined). */
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
