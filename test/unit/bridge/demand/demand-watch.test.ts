import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DemandSession, DemandSessionDeps } from "../../../../src/bridge/demand/demand-session.ts";
import { DEMAND_TRANSITIONS } from "../../../../src/bridge/demand/demand-state.ts";
import { DemandWatch } from "../../../../src/bridge/demand/demand-watch.ts";
import { type DestinationPattern, formatPattern, parsePattern } from "../../../../src/bridge/routing/pattern.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";

/** A session that tells what the test says. */
class ToldSession implements DemandSession {
  readonly deps: DemandSessionDeps;
  readonly ready: Promise<void>;
  answer: () => void = () => {};
  refuse: (reason: string) => void = () => {};
  names: readonly string[] = [];
  isClosed = false;
  /** How often it was asked what has a consumer. */
  asked = 0;

  constructor(deps: DemandSessionDeps) {
    this.deps = deps;
    this.ready = new Promise((resolve, reject) => {
      this.answer = resolve;
      this.refuse = (reason) => reject(new Error(reason));
    });
  }

  demanded(): readonly DestinationPattern[] {
    this.asked += 1;
    return this.names.map(parsePattern);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

type Listener = (event: { readonly cause: Error }) => void;

class ToyConnection {
  readonly listeners = new Map<string, Listener>();
  endpoint: object | undefined = {};

  on(event: string, listener: Listener): void {
    this.listeners.set(event, listener);
  }

  interrupt(why = "the socket broke"): void {
    this.endpoint = undefined;
    this.listeners.get("interrupted")?.({ cause: new Error(why) });
  }

  restore(): void {
    this.endpoint = {};
    this.listeners.get("restored")?.({ cause: new Error() });
  }
}

let connection: ToyConnection;
let sessions: ToldSession[];
let watch: DemandWatch;
let changes: number;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  connection = new ToyConnection();
  sessions = [];
  changes = 0;
  watch = new DemandWatch({
    connection: connection as unknown as Connection,
    protocol: "amqp",
    isRelevant: () => true,
    onUnreadable: () => {},
    onChange: () => {
      changes += 1;
    },
    openSession: (deps) => {
      const session = new ToldSession(deps);
      sessions.push(session);
      return session;
    },
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));
const names = () => watch.demanded.map(formatPattern);
const last = () => sessions.at(-1) as ToldSession;

async function answer(...told: readonly string[]): Promise<void> {
  last().names = told;
  last().answer();
  await turn();
}

describe("a watch of consumers", () => {
  it("starts when its first session has told, and follows what it tells after that", async () => {
    let isStarted = false;
    void watch.start().then(() => {
      isStarted = true;
    });
    await turn();
    expect([isStarted, watch.state.name]).toEqual([false, "asking"]);
    await answer("queue://a");
    expect([isStarted, watch.state.name, names()]).toEqual([true, "known", ["queue://a"]]);
    const before = changes;
    last().names = ["queue://b"];
    last().deps.onChange();
    last().deps.onChange();
    await vi.advanceTimersByTimeAsync(100);
    expect([names(), changes - before]).toEqual([["queue://b"], 1]);
  });

  it("asks its session what has a consumer once in 100 ms, however many come and go, and misses none of them", async () => {
    void watch.start();
    await answer("queue://a");
    const { asked } = last();
    const before = changes;
    for (let n = 0; n < 1_000; n += 1) {
      last().names = [`queue://q${n}`];
      last().deps.onChange();
      if (n % 100 === 99) await turn();
    }
    expect([last().asked - asked, changes - before]).toEqual([0, 0]);
    await vi.advanceTimersByTimeAsync(100);
    expect([last().asked - asked, changes - before, names()]).toEqual([1, 1, ["queue://q999"]]);
  });

  it("that loses its session keeps what came just before, and tells nothing after it is closed", async () => {
    void watch.start();
    await answer("queue://a");
    last().names = ["queue://b"];
    last().deps.onChange();
    connection.interrupt();
    expect(names()).toEqual(["queue://b"]);
    await watch.close();
    const before = changes;
    await turn();
    expect([vi.getTimerCount(), changes - before]).toEqual([0, 0]);
  });

  it("forgets a consumer that vanished during a takeover, and keeps what it knew until the new session has told", async () => {
    void watch.start();
    await answer("queue://a", "queue://b");
    const first = last();
    connection.interrupt();
    expect([watch.state.name, names(), first.isClosed]).toEqual(["away", ["queue://a", "queue://b"], true]);
    expect(watch.hasNoConsumer(parsePattern("queue://c"))).toBe(false);
    connection.restore();
    first.names = ["queue://late"];
    first.deps.onChange();
    await answer("queue://b");
    expect([watch.state.name, names()]).toEqual(["known", ["queue://b"]]);
    expect(watch.hasNoConsumer(parsePattern("queue://c"))).toBe(true);
    expect(watch.hasNoConsumer(parsePattern("queue://>"))).toBe(false);
  });

  it("that is not told knows nothing, and asks again after half a minute, also where it was told before", async () => {
    void watch.start();
    last().refuse("not authorized");
    await turn();
    expect(watch.state).toEqual({ name: "unavailable", reason: "not authorized" });
    await vi.advanceTimersByTimeAsync(30_000);
    await answer("queue://a");
    expect([watch.state.name, names()]).toEqual(["known", ["queue://a"]]);
    last().deps.onFailed("revoked");
    await turn();
    expect([watch.state, names()]).toEqual([{ name: "unavailable", reason: "revoked" }, []]);
  });

  it("takes three sessions that end while they are asked for a refusal, and stays with it when they come back", async () => {
    void watch.start();
    for (const why of ["one", "two", "AMQ339016"]) {
      connection.interrupt(why);
      connection.restore();
    }
    expect(watch.state).toEqual({ name: "unavailable", reason: "AMQ339016" });
    expect(sessions.length).toBe(3);
    expect(sessions.every(({ isClosed }) => isClosed)).toBe(true);
  });

  it("that is closed asks no more, and its timer is gone", async () => {
    const started = watch.start();
    last().refuse("no");
    await started;
    await watch.close();
    await vi.advanceTimersByTimeAsync(60_000);
    connection.restore();
    expect([sessions.length, watch.state.name]).toEqual([1, "closed"]);
  });

  it("has no way out of closed, and one into it from everywhere else", () => {
    expect(Object.values(DEMAND_TRANSITIONS).some((from) => "closed" in from)).toBe(false);
    expect(Object.keys(DEMAND_TRANSITIONS.close).sort()).toEqual(["asking", "away", "known", "unavailable"]);
  });
});
