/** Effective options: defaults, overrides, and what each scheme means by a value. */
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../../src/errors/errors.ts";
import { parseMasterSlaveUri } from "../../../src/uri/master-slave-uri.ts";
import type { GroupOptions } from "../../../src/uri/options/group-options.ts";
import { resolveOptions } from "../../../src/uri/resolve-options.ts";

function resolved(text: string, overrides?: Partial<GroupOptions>) {
  return resolveOptions(parseMasterSlaveUri(text), overrides);
}

const GROUP = "masterslave:(stomp://a,stomp://b)";
const FAILOVER = "failover:(stomp://a,stomp://b)";

describe("resolveOptions", () => {
  it.each([GROUP, FAILOVER, "stomp://a"])("gives the same defaults for %s", (text) => {
    expect(resolved(text)).toEqual({
      attemptTimeout: 15_000,
      attemptStagger: 250,
      allowPlaintext: false,
      alternates: "listed",
      initialReconnectDelay: 10,
      delayAfterLoss: 0,
      maxReconnectDelay: 30_000,
      backOffFactor: undefined,
      maxReconnectRounds: Number.POSITIVE_INFINITY,
      startupMaxRounds: Number.POSITIVE_INFINITY,
      minConnectTime: 5_000,
      randomize: false,
      reconnectSpread: 0,
      authRetryMs: 60_000,
      heartbeatMs: 5_000,
      connectTimeoutMs: undefined,
      initialConnect: "wait",
      inDoubt: "resend",
      maxPendingSends: 10_000,
      maxPendingBytes: 16_777_216,
      maxMessageBytes: 268_435_456,
      overflow: "wait",
      whenInterrupted: "hold",
      whenFull: "reject",
      groupCommit: true,
      releaseWaitMs: 1_000,
      durableRetryMs: 70_000,
      deadLetterDestination: "queue://DLQ",
      poisonAfter: 3,
      drainTimeoutMs: 10_000,
      sendTimeoutMs: undefined,
      clientId: undefined,
      protocol: "stomp",
      serverListAction: "ADD",
    });
  });

  it.each(["username", "password", "passcode"])("says where the login goes when it is given as %s", (name) => {
    expect(() => resolved(GROUP, { [name]: "x" } as object)).toThrow(/given as credentials: \{ username, password \}/);
  });

  it("is frozen", () => {
    expect(Object.isFrozen(resolved(GROUP))).toBe(true);
  });

  it.each([
    // [maxReconnectAttempts, startupMaxReconnectAttempts] -> [rounds after a loss, rounds at the start]
    { scheme: GROUP, max: -1, startup: -1, after: Infinity, start: Infinity },
    { scheme: GROUP, max: 0, startup: -1, after: Infinity, start: Infinity },
    { scheme: GROUP, max: 3, startup: -1, after: 3, start: 3 },
    { scheme: GROUP, max: 3, startup: 0, after: 3, start: Infinity },
    { scheme: GROUP, max: -1, startup: 2, after: Infinity, start: 2 },
    { scheme: "stomp://a", max: 0, startup: -1, after: Infinity, start: Infinity },
    { scheme: "stomp://a", max: 1, startup: -1, after: 1, start: 1 },
    { scheme: FAILOVER, max: -1, startup: -1, after: Infinity, start: Infinity },
    { scheme: FAILOVER, max: 0, startup: -1, after: 0, start: 1 },
    { scheme: FAILOVER, max: 1, startup: -1, after: 1, start: 1 },
    { scheme: FAILOVER, max: 5, startup: -1, after: 5, start: 5 },
    { scheme: FAILOVER, max: 5, startup: 0, after: 5, start: 1 },
    { scheme: FAILOVER, max: 0, startup: 4, after: 0, start: 4 },
    { scheme: FAILOVER, max: -1, startup: 2, after: Infinity, start: 2 },
  ])(
    "counts rounds in $scheme with limits $max and $startup as $after and $start",
    ({ scheme, max, startup, after, start }) => {
      const text = `${scheme}?maxReconnectAttempts=${max}&startupMaxReconnectAttempts=${startup}`;
      expect(resolved(text)).toMatchObject({ maxReconnectRounds: after, startupMaxRounds: start });
    },
  );

  it("makes one round at the start with initialConnect=fail-fast, and as many after a loss as before", () => {
    expect(resolved(`${GROUP}?initialConnect=fail-fast&startupMaxReconnectAttempts=9`)).toMatchObject({
      initialConnect: "fail-fast",
      startupMaxRounds: 1,
      maxReconnectRounds: Number.POSITIVE_INFINITY,
    });
  });

  it.each([
    ["backOffMultiplier=1.5", 1.5],
    ["reconnectDelayExponent=3", 3],
    ["failover.reconnectBackOffMultiplier=4", 4],
    ["useExponentialBackOff=false", 1],
    ["useExponentialBackOff=false&backOffMultiplier=2", 1],
    ["failover.useReconnectBackOff=false", 1],
    ["useExponentialBackOff=true", undefined],
  ])("reads the back-off factor from %s", (query, factor) => {
    expect(resolved(`${FAILOVER}?${query}`).backOffFactor).toBe(factor);
  });

  it.each([
    ["initialReconnectDelay=500", { initialReconnectDelay: 500, delayAfterLoss: 500 }],
    ["initialReconnectDelay=0", { initialReconnectDelay: 1, delayAfterLoss: 0 }],
    ["reconnectDelay=600", { initialReconnectDelay: 600, delayAfterLoss: 0 }],
    ["initialReconnectDelay=1&reconnectDelay=600", { initialReconnectDelay: 600, delayAfterLoss: 1 }],
  ])("reads the first waits from %s", (query, waits) => {
    expect(resolved(`${FAILOVER}?${query}`)).toMatchObject(waits);
  });

  it.each([
    ["timeout=3000", { sendTimeoutMs: 3_000 }],
    ["timeout=0", { sendTimeoutMs: undefined }],
    ["timeout=-1", { sendTimeoutMs: undefined }],
    ["connectTimeoutMs=0", { connectTimeoutMs: undefined }],
    ["connectTimeoutMs=7", { connectTimeoutMs: 7 }],
    ["randomize=true", { randomize: true }],
    ["heartbeatMs=0", { heartbeatMs: 0 }],
    ["updateURIsSupported=false", { serverListAction: "IGNORE" }],
    ["updateURIsSupported=false&amqpOpenServerListAction=ADD", { serverListAction: "ADD" }],
    ["amqpOpenServerListAction=IGNORE", { serverListAction: "IGNORE" }],
    ["amqpOpenServerListAction=REPLACE", { serverListAction: "ADD" }],
  ])("reads %s", (query, values) => {
    expect(resolved(`${FAILOVER}?${query}`)).toMatchObject(values);
  });

  it("lets an override beat the URI, and one that is undefined not", () => {
    const overrides = { heartbeatMs: 0, timeout: undefined, clientId: "mine" };
    expect(resolved(`${GROUP}?heartbeatMs=7&timeout=8&clientId=theirs`, overrides)).toMatchObject({
      heartbeatMs: 0,
      sendTimeoutMs: 8,
      clientId: "mine",
    });
  });

  it("applies the scheme's meaning to overrides too", () => {
    expect(resolved(FAILOVER, { maxReconnectAttempts: 0 })).toMatchObject({
      maxReconnectRounds: 0,
      startupMaxRounds: 1,
    });
    expect(resolved(GROUP, { maxReconnectAttempts: 0 }).maxReconnectRounds).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    [{ heartbeatMs: "5" }, "INVALID_OPTION"],
    [{ heartbeatMs: -1 }, "INVALID_OPTION"],
    [{ heartbeatMs: 1.5 }, "INVALID_OPTION"],
    [{ heartbeatMs: Number.NaN }, "INVALID_OPTION"],
    [{ maxPendingSends: Number.POSITIVE_INFINITY }, "INVALID_OPTION"],
    [{ randomize: "true" }, "INVALID_OPTION"],
    [{ randomize: null }, "INVALID_OPTION"],
    [{ inDoubt: "Resend" }, "INVALID_OPTION"],
    [{ clientId: "" }, "INVALID_OPTION"],
    [{ clientId: "a\nb" }, "INVALID_OPTION"],
    [{ heartBeatMs: 5 }, "UNKNOWN_OPTION"],
    [{ reconnectDelayExponent: 2 }, "UNKNOWN_OPTION"],
    [{ backup: true }, "UNKNOWN_OPTION"],
    [{ toString: 5 }, "UNKNOWN_OPTION"],
  ])("refuses the override %o with %s", (overrides, code) => {
    const call = () => resolved(GROUP, overrides as unknown as GroupOptions);
    expect(call).toThrow(InvalidOptionError);
    expect(call).toThrow(expect.objectContaining({ code, option: Object.keys(overrides)[0] }));
  });

  it("names the table's name for an alias given in code", () => {
    const overrides = { reconnectDelayExponent: 2 } as unknown as GroupOptions;
    expect(() => resolved(GROUP, overrides)).toThrow(expect.objectContaining({ nearest: "backOffMultiplier" }));
  });

  it.each([
    ["tcp://a:1", undefined, undefined],
    ["tcp://a:1", "amqp", "amqp"],
    ["tcp://a:1?protocol=stomp", undefined, "stomp"],
    ["masterslave:(tcp://a:1,tcp://b:1?protocol=amqp)", undefined, "amqp"],
    ["masterslave:(tcp://a:1,amqp://b)", undefined, "amqp"],
    ["masterslave:(tcp://a:1,amqps://b)?allowPlaintext=true", undefined, "amqp"],
    ["amqps://a", "amqp", "amqp"],
  ] as const)("finds the protocol of %s with the override %s to be %s", (text, protocol, found) => {
    expect(resolved(text, { protocol }).protocol).toBe(found);
  });

  it.each(["amqp://a", "masterslave:(tcp://a:1,tcp://b:1)?nested.protocol=amqp"])(
    "refuses a protocol that %s contradicts",
    (text) => {
      expect(() => resolved(text, { protocol: "stomp" })).toThrow(expect.objectContaining({ code: "INVALID_OPTION" }));
    },
  );

  it.each([
    [
      "masterslave:(ssl://a:1,tcp://b:1)",
      {},
      "allowPlaintext",
      /mixes endpoints with TLS \(ssl:\/\/a:1\) and without \(tcp:\/\/b:1\)/,
    ],
    ["failover:(amqp://a,amqps://b)", {}, "allowPlaintext", /say allowPlaintext: true/],
    ["failover:(stomp://localhost,stomps://b)?allowPlaintext=false", {}, "allowPlaintext", /mixes/],
    ["failover:(stomp://a,stomps://b)?allowPlaintext=true", { allowPlaintext: false }, "allowPlaintext", /mixes/],
    ["masterslave:(stomp://a,stomp://b)?requireTls=true", {}, "requireTls", /stomp:\/\/a:61613 is plain/],
    ["stomp://localhost", { requireTls: true }, "requireTls", /is plain/],
    ["failover:(ssl://a:1,tcp://b:1)", { requireTls: true }, "requireTls", /tcp:\/\/b:1 is plain/],
    ["stomps://a?requireTls=true", { allowPlaintext: true }, "allowPlaintext", /contradict/],
  ] as const)("refuses plain text in %s with %o", (text, overrides, option, message) => {
    const call = () => resolved(text, overrides);
    expect(call).toThrow(expect.objectContaining({ code: "INVALID_OPTION", option }));
    expect(call).toThrow(message);
  });

  it.each([
    ["masterslave:(ssl://a:1,tcp://b:1)", { allowPlaintext: true }],
    ["masterslave:(ssl://a:1,tcp://b:1)?allowPlaintext=true", {}],
    ["masterslave:(stomps://a,stomp+ssl://b)", { requireTls: true }],
    ["masterslave:(stomp://a,stomp://b)", { requireTls: false }],
  ] as const)("takes %s with %o", (text, overrides) => {
    expect(resolved(text, overrides).allowPlaintext).toBe(/allowPlaintext/.test(text + Object.keys(overrides)));
  });
});
