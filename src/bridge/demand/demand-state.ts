/** The states of what a link knows about consumers in its target group, and the transitions between them. */
import type { DemandSession } from "./demand-session.ts";

export type DemandState =
  /** The target has no active member. Earlier knowledge stays valid until the next session has reported. */
  | { readonly name: "away" }
  /** A session has begun and has not reported all consumers yet. */
  | { readonly name: "asking"; readonly session: DemandSession }
  /** The session has reported every consumer, and reports each change. */
  | { readonly name: "known"; readonly session: DemandSession }
  /**
   * The broker does not report its consumers. It is asked again after a while, not at each new session: a refusal may
   * end the session.
   */
  | { readonly name: "unavailable"; readonly reason: string }
  | { readonly name: "closed" };

export type DemandStateName = DemandState["name"];
export type DemandEvent = "session-begun" | "answered" | "refused" | "session-ended" | "asked-again" | "close";

/**
 * The next state for each state and event. An event that is not listed for a state comes too late and changes nothing.
 */
export const DEMAND_TRANSITIONS: Readonly<
  Record<DemandEvent, Readonly<Partial<Record<DemandStateName, DemandStateName>>>>
> = {
  "session-begun": { away: "asking" },
  answered: { asking: "known" },
  refused: { asking: "unavailable", known: "unavailable" },
  "session-ended": { asking: "away", known: "away" },
  "asked-again": { unavailable: "away" },
  close: { away: "closed", asking: "closed", known: "closed", unavailable: "closed" },
};

/** Returns the state that an event leads to; undefined when the event comes too late. */
export function afterDemandEvent(from: DemandStateName, event: DemandEvent): DemandStateName | undefined {
  return DEMAND_TRANSITIONS[event][from];
}
