/** What a connection tells, what it refuses to be asked for, and what it shows of itself. */
import { once } from "node:events";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { CONNECTION_EMITTER, CONNECTION_LINES } from "../../../../src/messaging/connection/connection-events.ts";
import { processWarnings } from "../../../support/process-warnings.ts";
import { toyConnected, toyConnection } from "../../../support/toy-connection.ts";
import { until } from "../../../support/toy-group.ts";

const soon = () => new Promise((resolve) => setTimeout(resolve, 20));

describe("the events of a connection", () => {
  it("carry the time of day, in order, beside what took how long", async () => {
    const before = new Date();
    const { connection, broker, told } = toyConnection();
    await connection.connect();
    broker.session.die();
    await until(() => told.some(({ name }) => name === "restored"));
    connection.warn({ code: "SINGLE_ENDPOINT", message: "told", endpoint: undefined });
    const times = told.map(({ payload }) => (payload as { at: Date }).at);
    expect(told.map(({ name }) => name)).toEqual(["established", "interrupted", "restored", "warning"]);
    expect([before, ...times].map(Number)).toEqual([before, ...times].map(Number).sort((a, b) => a - b));
    const { at, connectedSince, lastRestoredAt } = connection.stats();
    expect(Number(at)).toBeGreaterThanOrEqual(Number(times[3]));
    expect(connection.state).toMatchObject({ name: "connected", since: connectedSince });
    expect(Math.abs(Number(lastRestoredAt) - Number(connectedSince))).toBeLessThan(1_000);
    broker.up = false;
    broker.session.die();
    await until(() => connection.state.name === "interrupted");
    expect(connection.stats().connectedSince).toBeUndefined();
  });

  it("tell what it waits for, while connect() waits", async () => {
    const { connection, broker } = toyConnection();
    broker.up = false;
    const waiting = once(connection as never, "waiting");
    const connecting = connection.connect();
    const [{ endpoints, since }] = await waiting;
    expect(endpoints).toMatchObject([{ endpoint: { host: "a.example" } }, { endpoint: { host: "b.example" } }]);
    expect(connection.state).toMatchObject({ name: "connecting", since });
    broker.up = true;
    await connecting;
  });

  it('answer a listener of "error" once with the events there are for it, and events.once() not at all', async () => {
    const warnings = processWarnings();
    const { connection } = toyConnection();
    const established = once(connection as never, "established");
    await connection.connect();
    expect(await established).toMatchObject([{ endpoint: { host: "a.example" } }]);
    await soon();
    expect(warnings).toEqual([]);
    connection.on("error" as "failed", () => {}).on("error" as "failed", () => {});
    await soon();
    expect(warnings).toEqual([expect.stringContaining("listen to failed, closed and warning")]);
  });

  it("are refused by other names, with the names there are", () => {
    const { connection } = toyConnection();
    expect(() => connection.on("reconnect" as "failed", () => {})).toThrowError(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining("interrupted, restored") }),
    );
    expect(() => connection.once("close" as "closed", () => {})).toThrow('did you mean "closed"?');
  });

  it("are each described, and printed where NODE_DEBUG asks for them", () => {
    expect(Object.keys(CONNECTION_LINES).sort()).toEqual(Object.keys(CONNECTION_EMITTER.events).sort());
    const at = new Date();
    const failure = { messageId: undefined, destination: "queue://q", attempt: 2, error: new Error("typo\n") };
    expect(CONNECTION_LINES.handlerFailed({ ...failure, at, outcome: "retry", retryInMs: 5 })).toBe(
      "queue://q, message without an id, attempt 2, then retry: typo\\n",
    );
    expect(CONNECTION_LINES.warning({ code: "LOGIN_REFUSED", message: "why", endpoint: undefined, at })).toBe(
      "LOGIN_REFUSED why",
    );
    const endpoint = { scheme: "stomp", host: "a", port: 1 };
    expect(CONNECTION_LINES.restored({ endpoint, at, outageMs: 12.3, resent: 1, voided: 2 })).toBe(
      "stomp://a:1, after 12 ms; 1 sends are sent again, 2 deliveries come again",
    );
    expect(CONNECTION_LINES.alternate({ endpoint, at })).toContain("stomp://a:1");
    expect(CONNECTION_LINES.established({ endpoint, at })).toBe("stomp://a:1");
  });
});

describe("inspect(connection)", () => {
  it("shows state, endpoint, broker and what is pending, and nothing else, also with showHidden", async () => {
    const { connection } = await toyConnected({}, { confirms: false });
    const sent = connection.send("queue://orders", "pl4nted");
    sent.catch(() => {});
    const text = "Connection { state: 'connected', endpoint: 'stomp://a.example:61613', broker: 'toy 1', pending: 1 }";
    const flat = (options: object) => inspect(connection, { breakLength: Infinity, ...options });
    expect(flat({})).toBe(text);
    expect(flat({ showHidden: true, depth: Infinity })).toBe(text);
  });

  it("shows why there is no session", async () => {
    const { connection, broker } = toyConnection();
    expect(inspect(connection)).toBe("Connection { state: 'idle', pending: 0 }");
    await connection.connect();
    broker.up = false;
    broker.session.die();
    await until(() => connection.state.name === "interrupted");
    expect(inspect(connection)).toMatch(/state: 'interrupted',.*broker: 'toy 1',.*lastError: '(SESSION_LOST|NO_ACT)/s);
    await connection.close();
    expect(inspect(connection)).toContain("state: 'closed'");
  });
});
