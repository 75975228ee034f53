/** The state of one direction of a link. It reflects whether messages move, not whether the connections are open. */

export type LinkStateName = "starting" | "running" | "standby" | "blocked" | "failed" | "stopped";

/** The present state of a link, from its progress and not from its connections. */
export interface LinkState {
  /** The name of the state. */
  readonly state: LinkStateName;
  /** Why the link is not running, in words. */
  readonly reason: string | undefined;
  /** What blocks the link, such as `TARGET_ABSENT`; undefined unless it is blocked. */
  readonly blockedBy: string | undefined;
}

export interface LinkFacts {
  readonly life: "starting" | "running" | "stopped";
  /** Why the direction has ended for good. */
  readonly failure: { readonly code: string; readonly reason: string } | undefined;
  readonly sourceConnected: boolean;
  readonly targetConnected: boolean;
  /** The last error of each connection; undefined while it is connected. */
  readonly sourceError: string | undefined;
  readonly targetError: string | undefined;
  /** Why the target refuses messages. */
  readonly hold: { readonly code: string; readonly reason: string } | undefined;
  /** Why the source refuses a consumer. */
  readonly refusal: { readonly destination: string; readonly reason: string } | undefined;
  /** Set while another process has the exclusive source, or gets its messages. */
  readonly standby?: Standby | undefined;
  /** Why some destinations that are wanted at the target are not taken. */
  readonly demand?: { readonly code: string; readonly reason: string } | undefined;
  /** Why no messages move, although everything is connected. */
  readonly trouble: { readonly code: string; readonly reason: string } | undefined;
  readonly pending: number;
  /** Milliseconds since the last confirmation, or since the first message began to wait for one. */
  readonly silentMs: number;
}

export interface Standby {
  readonly waitsFor: "source" | "messages";
  readonly reason: string;
}

/** If the target confirms nothing for this long, the link counts as blocked. */
const SILENT_AFTER_MS = 5_000;

export function linkState(facts: LinkFacts): LinkState {
  const { life, failure, hold, refusal, standby, demand, pending, silentMs } = facts;
  if (failure) return { state: "failed", reason: `${failure.code}: ${failure.reason}`, blockedBy: undefined };
  if (life === "stopped") return { state: "stopped", reason: undefined, blockedBy: undefined };
  if (standby?.waitsFor === "source") return { state: "standby", reason: standby.reason, blockedBy: undefined };
  if (!facts.targetConnected && (life === "running" || facts.targetError !== undefined))
    return blocked("TARGET_ABSENT", facts.targetError ?? "the target has no active endpoint");
  if (!facts.sourceConnected && (life === "running" || facts.sourceError !== undefined))
    return blocked("SOURCE_ABSENT", facts.sourceError ?? "the source has no active endpoint");
  if (hold) return blocked(hold.code, hold.reason);
  if (refusal) return blocked("SOURCE_REFUSES", `${refusal.destination}: ${refusal.reason}`);
  if (demand) return blocked(demand.code, demand.reason);
  if (pending > 0 && silentMs >= SILENT_AFTER_MS)
    return blocked(
      "TARGET_SILENT",
      `${pending} messages are sent and the target has confirmed none for ${Math.round(silentMs / 1000)} s`,
    );
  // Standby is checked before the watch's findings, because messages go to the other process then.
  if (standby && life === "running") return { state: "standby", reason: standby.reason, blockedBy: undefined };
  if (facts.trouble && life === "running") return blocked(facts.trouble.code, facts.trouble.reason);
  return { state: life, reason: undefined, blockedBy: undefined };
}

function blocked(blockedBy: string, reason: string): LinkState {
  return { state: "blocked", reason, blockedBy };
}
