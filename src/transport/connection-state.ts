/** The states of a connection as a union, and the table of transitions between them. */
import { type EndpointAddress, MasterSlaveError } from "../errors/errors.ts";
import type { Session } from "./dial/session.ts";

/** The present state of a connection, with the data that exists only in that state. */
export type ConnectionState<S extends Session> =
  | { readonly name: "idle" }
  /** Never yet connected. `rounds` have failed so far, the last one with `lastError`. */
  | {
      readonly name: "connecting";
      readonly since: Date;
      readonly rounds: number;
      readonly lastError: MasterSlaveError | undefined;
    }
  /** `since` and `sinceMs`: when the session began, by the clock and by `performance.now()`. */
  | {
      readonly name: "connected";
      readonly session: S;
      readonly endpoint: EndpointAddress;
      readonly since: Date;
      readonly sinceMs: number;
    }
  /** Was connected to `endpoint` until `since`; looking for the active endpoint. */
  | {
      readonly name: "interrupted";
      readonly endpoint: EndpointAddress;
      readonly since: Date;
      readonly sinceMs: number;
      readonly rounds: number;
      readonly lastError: MasterSlaveError;
    }
  | { readonly name: "closing"; readonly session: S }
  /** Closed for good. `lastError` is undefined after `close()`, otherwise the failure. */
  | { readonly name: "closed"; readonly lastError: MasterSlaveError | undefined };

export type StateName = ConnectionState<Session>["name"];

/** One moment by both clocks: the one on the wall, and `performance.now()`. */
interface Moment {
  readonly at: Date;
  readonly atMs: number;
}

export type StateEvent<S extends Session> =
  | { readonly type: "connect"; readonly at: Date }
  | { readonly type: "round-failed"; readonly error: MasterSlaveError }
  | ({ readonly type: "session-opened"; readonly session: S; readonly endpoint: EndpointAddress } & Moment)
  | ({ readonly type: "session-lost"; readonly cause: MasterSlaveError } & Moment)
  | { readonly type: "gave-up"; readonly failure: MasterSlaveError }
  | { readonly type: "close" }
  | { readonly type: "session-closed" };

export type EventType = StateEvent<Session>["type"];

/**
 * For each state, the next state for each event. A missing entry cannot happen. docs/architecture.md prints this table.
 */
export const TRANSITIONS: Readonly<Record<StateName, Readonly<Partial<Record<EventType, StateName>>>>> = {
  idle: { connect: "connecting", close: "closed" },
  connecting: {
    "round-failed": "connecting",
    "session-opened": "connected",
    "gave-up": "closed",
    close: "closed",
  },
  connected: { "session-lost": "interrupted", "gave-up": "closed", close: "closing" },
  interrupted: {
    "round-failed": "interrupted",
    "session-opened": "connected",
    "gave-up": "closed",
    close: "closed",
  },
  closing: { "session-closed": "closed" },
  closed: {},
};

/** Returns the state after an event. Pure. Throws INTERNAL for a transition that the table does not have. */
export function transition<S extends Session>(state: ConnectionState<S>, event: StateEvent<S>): ConnectionState<S> {
  if (TRANSITIONS[state.name][event.type] === undefined) throw impossible(state.name, event.type);
  switch (event.type) {
    case "connect":
      return { name: "connecting", since: event.at, rounds: 0, lastError: undefined };
    case "round-failed":
      if (state.name !== "connecting" && state.name !== "interrupted") throw impossible(state.name, event.type);
      return { ...state, rounds: state.rounds + 1, lastError: event.error };
    case "session-opened": {
      const { session, endpoint, at: since, atMs: sinceMs } = event;
      return { name: "connected", session, endpoint, since, sinceMs };
    }
    case "session-lost": {
      if (state.name !== "connected") throw impossible(state.name, event.type);
      const { cause: lastError, at: since, atMs: sinceMs } = event;
      return { name: "interrupted", endpoint: state.endpoint, since, sinceMs, rounds: 0, lastError };
    }
    case "gave-up":
      return { name: "closed", lastError: event.failure };
    case "close":
      return state.name === "connected"
        ? { name: "closing", session: state.session }
        : { name: "closed", lastError: undefined };
    case "session-closed":
      return { name: "closed", lastError: undefined };
  }
}

function impossible(state: StateName, event: EventType): MasterSlaveError {
  return new MasterSlaveError("INTERNAL", `The event ${event} cannot happen in the state ${state}`);
}
