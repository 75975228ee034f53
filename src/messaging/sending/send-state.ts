/** The life of a pending send as a union of states, and the moves between them. */

/** How a send has fared with earlier sessions. `writes`: to how many it was written. `deaths`: how many in a row died of it, or beside it. */
interface SendHistory {
  readonly writes: number;
  readonly deaths: number;
}

export type SendState =
  /** No session has it. */
  | ({ readonly name: "held" } & SendHistory)
  /** The present session has it and has not written it. */
  | ({ readonly name: "given" } & SendHistory)
  /** The present session has begun what it can write only this send's destination by, such as a link: it may die of that too. */
  | ({ readonly name: "attaching" } & SendHistory)
  /** Written to the present session, which `writes` counts and which has not answered. */
  | ({ readonly name: "written" } & SendHistory)
  /** Its caller has an answer, but it was written, and the present session has not answered yet. */
  | { readonly name: "given-up" }
  | { readonly name: "over" };

export type SendEvent = "given" | "attaching" | "written" | "deferred" | "interrupted" | "given-up" | "over";

/** Frozen once: nearly all sends go through these, and none of them costs an object. */
const UNTOUCHED = { writes: 0, deaths: 0 } as const;
export const HELD: SendState = Object.freeze({ name: "held", ...UNTOUCHED });
const GIVEN: SendState = Object.freeze({ name: "given", ...UNTOUCHED });
const ATTACHING: SendState = Object.freeze({ name: "attaching", ...UNTOUCHED });
const WRITTEN: SendState = Object.freeze({ name: "written", writes: 1, deaths: 0 });
const GIVEN_UP: SendState = Object.freeze({ name: "given-up" });
const OVER: SendState = Object.freeze({ name: "over" });

/** The state after an event. Pure. An event that changes nothing in a state returns that state. */
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
      // A session may write a send twice, for reasons of its own: that counts as one write.
      if (name === "written") return state;
      return writes + deaths === 0 ? WRITTEN : { name: "written", writes: writes + 1, deaths };
    case "deferred":
      // The broker has said that it does not have it: the write leaves no doubt, and sessions do not die of it.
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
