/** What a link knows of the consumers on its target's side, and how it comes from one state to another. */
import type { DemandSession } from "./demand-session.ts";

export type DemandState =
  /** The target has no active member. What was known before holds until the next session has told. */
  | { readonly name: "away" }
  /** A session has begun, and is asked who consumes there. */
  | { readonly name: "asking"; readonly session: DemandSession }
  /** Every consumer of the session is known, and every change is told. */
  | { readonly name: "known"; readonly session: DemandSession }
  /** The broker does not tell; it is asked again, whatever sessions come meanwhile: a refusal may end them. */
  | { readonly name: "unavailable"; readonly reason: string }
  | { readonly name: "closed" };

export type DemandStateName = DemandState["name"];
export type DemandEvent = "session-begun" | "answered" | "refused" | "session-ended" | "asked-again" | "close";

/** Where each event leads from each state; an event that is not listed for a state is too late, and changes nothing. */
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
