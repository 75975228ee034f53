import { describe, expect, it } from "vitest";
import { brokerOf } from "../../../../../src/adapters/amqp/opening/broker.ts";
import { FAILURES } from "../../../../../src/adapters/amqp/opening/failure-table.ts";
import {
  attemptFailure,
  describeCondition,
  isRetryable,
  sessionLoss,
} from "../../../../../src/adapters/amqp/opening/failures.ts";
import type { ConnectionEnding } from "../../../../../src/adapters/amqp/sasl/connection-ending.ts";
import { dialectOf, readBroker } from "../../../../../src/adapters/stomp/opening/broker.ts";
import { AuthenticationError, SessionLostError } from "../../../../../src/errors/errors.ts";
import type { Endpoint } from "../../../../../src/uri/endpoint.ts";

const endpoint: Endpoint = { scheme: "amqp", host: "a", port: 5672, options: {} };
const nothing = Buffer.alloc(0);

describe("the failure table", () => {
  it("stops for a refused login and for nothing else", () => {
    for (const { code, verdict } of FAILURES) {
      expect(verdict).toBe(code === "AUTHENTICATION_FAILED" ? "stop" : "next");
    }
  });

  it("says plainly that another connection uses the clientId", () => {
    const ending = { kind: "close", condition: "amqp:invalid-field", description: "in use" } as const;
    const failure = attemptFailure(endpoint, { ...ending, field: "container-id" }, nothing);
    expect(failure).toMatchObject({ code: "ENDPOINT_REJECTED", verdict: "next" });
    expect(failure.message).toMatch(/amqp:invalid-field: in use; another live connection uses this clientId/);
    expect(attemptFailure(endpoint, ending, nothing).message).not.toContain("clientId");
  });

  it("treats an unknown SASL outcome as a refused login", () => {
    const failure = attemptFailure(endpoint, { kind: "sasl-outcome", outcome: 9, login: "password" }, nothing);
    expect(failure).toBeInstanceOf(AuthenticationError);
    expect(failure.message).toContain("SASL outcome 9");
  });
});

describe("the end of a session", () => {
  it.each([
    [{ kind: "close", condition: "amqp:connection:forced", description: undefined }, "SESSION_LOST", /stopping/],
    [{ kind: "close", condition: "x:y", description: "because" }, "SESSION_LOST", /x:y: because/],
    [{ kind: "close", condition: undefined, description: undefined }, "SESSION_LOST", /does not say why/],
    [{ kind: "protocol", error: new Error("two opens") }, "PROTOCOL_ERROR", /two opens/],
    [{ kind: "socket", error: undefined }, "SESSION_LOST", /closed the connection/],
    [{ kind: "sasl-outcome", outcome: 1, login: "nobody" }, "SESSION_LOST", /ended the session/],
  ] satisfies [ConnectionEnding, string, RegExp][])("is told from %j", (ending, code, text) => {
    const loss = sessionLoss(endpoint, ending);
    expect(loss).toMatchObject({ code, retryable: true, endpoint: { host: "a" } });
    expect(loss.message).toMatch(text);
  });

  it("is what the socket says, when it says it itself", () => {
    const error = new SessionLostError("HEARTBEAT_LOST", "silent", { endpoint });
    expect(sessionLoss(endpoint, { kind: "socket", error })).toBe(error);
  });
});

describe("an error condition", () => {
  it("is described by what it has", () => {
    expect(describeCondition({ condition: "amqp:not-found", description: "no such queue" })).toBe(
      "amqp:not-found: no such queue",
    );
    expect(describeCondition({ condition: "amqp:not-found" })).toBe("amqp:not-found");
    expect(describeCondition({})).toBe("no reason given");
  });

  it.each([
    ["amqp:resource-limit-exceeded", true],
    ["amqp:link:detach-forced", true],
    ["amqp:unauthorized-access", false],
    [undefined, false],
  ])("%s may be tried again: %s", (condition, retryable) => {
    expect(isRetryable(condition)).toBe(retryable);
  });
});

describe("a peer that speaks in the names of Object's properties", () => {
  it.each(["constructor", "__proto__", "toString"])("is refused like any other: %s", (name) => {
    const ending = { kind: "close", condition: name, description: undefined } as const;
    const failure = attemptFailure(endpoint, ending, nothing);
    expect(failure).toMatchObject({ code: "ENDPOINT_REJECTED", verdict: "next" });
    expect(brokerOf({ product: name }).product).toBe(name);
    const broker = readBroker(name);
    expect(broker.product).toBe(name.toLowerCase());
    expect(dialectOf(broker).destinations).toBe("path");
  });
});
