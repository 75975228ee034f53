/** Every move the table lists works and leads there; every other is refused. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { renderTransitionTable, withTransitionTable } from "../../../scripts/render-transition-table.ts";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import {
  type ConnectionState,
  type EventType,
  type StateEvent,
  type StateName,
  TRANSITIONS,
  transition,
} from "../../../src/transport/connection-state.ts";
import type { Session } from "../../../src/transport/dial/session.ts";

const session: Session = {
  ended: new Promise(() => {}),
  useful: false,
  close: () => Promise.resolve(),
  destroy: () => {},
};
const endpoint = { scheme: "tcp", host: "a", port: 1 };
const elsewhere = { scheme: "tcp", host: "b", port: 2 };
const earlier = new MasterSlaveError("SESSION_LOST", "earlier");
const error = new MasterSlaveError("NO_ACTIVE_ENDPOINT", "now");

const [began, earlierOn, later] = [new Date(1_000), new Date(2_000), new Date(3_000)];

const STATES: { readonly [Name in StateName]: ConnectionState<Session> & { name: Name } } = {
  idle: { name: "idle" },
  connecting: { name: "connecting", since: began, rounds: 3, lastError: earlier },
  connected: { name: "connected", session, endpoint, since: began, sinceMs: 10 },
  interrupted: { name: "interrupted", endpoint, since: earlierOn, sinceMs: 20, rounds: 7, lastError: earlier },
  closing: { name: "closing", session },
  closed: { name: "closed", lastError: undefined },
};
const EVENTS: { readonly [Type in EventType]: StateEvent<Session> & { type: Type } } = {
  connect: { type: "connect", at: began },
  "round-failed": { type: "round-failed", error },
  "session-opened": { type: "session-opened", session, endpoint: elsewhere, at: later, atMs: 30 },
  "session-lost": { type: "session-lost", cause: error, at: later, atMs: 40 },
  "gave-up": { type: "gave-up", failure: error },
  close: { type: "close" },
  "session-closed": { type: "session-closed" },
};
const PAIRS = (Object.keys(STATES) as StateName[]).flatMap((state) =>
  (Object.keys(EVENTS) as EventType[]).map((event) => ({ state, event, next: TRANSITIONS[state][event] })),
);

describe("the table of states", () => {
  it.each(PAIRS.filter(({ next }) => next))("leads from $state by $event to $next", ({ state, event, next }) => {
    expect(transition(STATES[state], EVENTS[event]).name).toBe(next);
  });

  it.each(PAIRS.filter(({ next }) => !next))("refuses $event in the state $state", ({ state, event }) => {
    expect(() => transition(STATES[state], EVENTS[event])).toThrowError(
      expect.objectContaining({ code: "INTERNAL", message: expect.stringContaining(`${event} cannot happen`) }),
    );
  });

  it("lists every state and only known ones as targets", () => {
    expect(Object.keys(TRANSITIONS)).toEqual(Object.keys(STATES));
    const targets = new Set(PAIRS.flatMap(({ next }) => next ?? []));
    // Nothing leads back to idle.
    expect([...targets].sort()).toEqual(["closed", "closing", "connected", "connecting", "interrupted"]);
  });

  it("stands in docs/architecture.md as the code has it", () => {
    const text = readFileSync(new URL("../../../docs/architecture.md", import.meta.url), "utf8");
    expect(withTransitionTable(text)).toBe(text);
    expect(text).toContain(renderTransitionTable());
    expect(renderTransitionTable()).toContain("| `close` | closed | closed | closing | closed |  |  |");
  });

  it("refuses to print into a text without the marks", () => {
    expect(() => withTransitionTable("# no marks")).toThrow("transitions:begin");
  });
});

describe("what a state holds", () => {
  it("counts failed rounds and keeps the last error while connecting and interrupted", () => {
    expect(transition(STATES.connecting, EVENTS["round-failed"])).toEqual({
      name: "connecting",
      since: began,
      rounds: 4,
      lastError: error,
    });
    expect(transition(STATES.interrupted, EVENTS["round-failed"])).toEqual({
      name: "interrupted",
      endpoint,
      since: earlierOn,
      sinceMs: 20,
      rounds: 8,
      lastError: error,
    });
  });

  it("begins each outage with no failed round and the cause of the loss", () => {
    expect(transition(STATES.connected, EVENTS["session-lost"])).toEqual({
      name: "interrupted",
      endpoint,
      since: later,
      sinceMs: 40,
      rounds: 0,
      lastError: error,
    });
  });

  it("is connected to the endpoint that opened the session", () => {
    expect(transition(STATES.interrupted, EVENTS["session-opened"])).toEqual({
      name: "connected",
      session,
      endpoint: elsewhere,
      since: later,
      sinceMs: 30,
    });
  });

  it("closes with the failure after giving up, and with none after close()", () => {
    expect(transition(STATES.interrupted, EVENTS["gave-up"])).toEqual({ name: "closed", lastError: error });
    expect(transition(STATES.interrupted, EVENTS.close)).toEqual({ name: "closed", lastError: undefined });
    expect(transition(STATES.connected, EVENTS.close)).toEqual({ name: "closing", session });
    expect(transition(STATES.closing, EVENTS["session-closed"])).toEqual({ name: "closed", lastError: undefined });
  });

  it("never changes the state it is given", () => {
    const before = Object.freeze({ ...STATES.connecting });
    transition(before, EVENTS["round-failed"]);
    expect(before.rounds).toBe(3);
  });
});
