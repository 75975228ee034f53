/** The states of a pending send as a union, and the transitions between them. */

/**
 * What earlier sessions did with a send. `writes`: how many it was written to. `deaths`: how many sessions in a row
 * ended while it was in flight.
 */
interface SendHistory {
  readonly writes: number;
  readonly deaths: number;
}

export type SendState =
  /** No session has the send. */
  | ({ readonly name: "held" } & SendHistory)
  /** The present session has the send and has not written it. */
  | ({ readonly name: "given" } & SendHistory)
  /**
   * The present session has begun something that only this send needs, such as a link: that may end the session too.
   */
  | ({ readonly name: "attaching" } & SendHistory)
  /** Written to the present session, which `writes` includes and which has not answered. */
  | ({ readonly name: "written" } & SendHistory)
  /** The caller has its outcome, but the send was written, and the present session has not answered yet. */
  | { readonly name: "given-up" }
  | { readonly name: "over" };

export type SendEvent = "given" | "attaching" | "written" | "deferred" | "interrupted" | "given-up" | "over";

/** Frozen constants: nearly all sends pass through only these states, so no object is created for them. */
const UNTOUCHED = { writes: 0, deaths: 0 } as const;
export const HELD: SendState = Object.freeze({ name: "held", ...UNTOUCHED });
const GIVEN: SendState = Object.freeze({ name: "given", ...UNTOUCHED });
const ATTACHING: SendState = Object.freeze({ name: "attaching", ...UNTOUCHED });
const WRITTEN: SendState = Object.freeze({ name: "written", writes: 1, deaths: 0 });
const GIVEN_UP: SendState = Object.freeze({ name: "given-up" });
const OVER: SendState = Object.freeze({ name: "over" });

/** Whether the send was written to this or an earlier session, and has no outcome: the broker may have it or not. */
export function isInDoubt(state: SendState): boolean {
  return "writes" in state && state.writes > 0;
}

/** Returns the state after an event. Pure. An event without effect returns the same state. */
export function nextState(state: SendState, event: SendEvent): SendState {
  if (state.name === "over") return state;
  if (state.name === "given-up") return event === "over" || event === "interrupted" ? OVER : state;
  const { name, writes, deaths } = state;
  switch (event) {
    case "given":
      if (state === HELD) return GIVEN;
      return name === "held" ? { name: "given", writes, deaths } : state;
    case "attaching":
      if (state === GIVEN) return ATTACHING;
      return name === "given" ? { name: "attaching", writes, deaths } : state;
    case "written":
      // A session may write a send twice for reasons of its own: that counts as one write.
      if (name === "written") return state;
      return writes + deaths === 0 ? WRITTEN : { name: "written", writes: writes + 1, deaths };
    case "deferred":
      // The broker answered that it does not have the message: there is no doubt, and the send did not end a session.
      return { name: "held", writes: name === "written" ? writes - 1 : writes, deaths: 0 };
    case "interrupted":
      if (name === "written" || name === "attaching") return { name: "held", writes, deaths: deaths + 1 };
      return name === "given" ? { name: "held", writes, deaths } : state;
    case "given-up":
      return name === "written" ? GIVEN_UP : OVER;
    case "over":
      return OVER;
  }
}
