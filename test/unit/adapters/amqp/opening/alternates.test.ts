import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { alternateOf, alternatesOf } from "../../../../../src/adapters/amqp/opening/alternates.ts";
import type { Endpoint, EndpointScheme } from "../../../../../src/uri/endpoint.ts";

function endpoint(scheme: EndpointScheme): Endpoint {
  return { scheme, host: "a", port: 5672, options: { "amqp.idleTimeout": "1000" } };
}

describe("the endpoints a broker names", () => {
  it.each([
    ["amqp", undefined, "amqp"],
    ["amqp", "amqp", "amqp"],
    ["tcp", "amqp", "tcp"],
    ["amqp", "amqps", "amqps"],
    ["amqps", "amqps", "amqps"],
    ["ssl", "amqps", "ssl"],
    ["amqps", undefined, "amqps"],
    ["amqps", "amqp", undefined],
    ["ssl", "amqp", undefined],
    ["amqp", "amqpws", undefined],
    ["amqp", 5, undefined],
  ] as const)("from %s to %j is %s", (current, named, scheme) => {
    const found = alternateOf({ "network-host": "b", port: 1, scheme: named }, endpoint(current));
    expect(found?.scheme).toBe(scheme);
  });

  it.each([
    [undefined],
    [null],
    ["b:1"],
    [{}],
    [{ port: 1 }],
    [{ "network-host": "", port: 1 }],
    [{ "network-host": "b" }],
    [{ "network-host": "b", port: 0 }],
    [{ "network-host": "b", port: 65_536 }],
    [{ "network-host": "b", port: 1.5 }],
    [{ "network-host": "b", port: "x" }],
    [{ "network-host": "b", port: true }],
    [{ "network-host": "b", port: [1] }],
    [{ "network-host": "b c", port: 1 }],
    [{ "network-host": "b\nc", port: 1 }],
    [{ "network-host": "\u001b[2Jb", port: 1 }],
    [{ "network-host": "b/c?d", port: 1 }],
    [{ "network-host": "u:p@b", port: 1 }],
    [{ "network-host": "x".repeat(300), port: 1 }],
    [{ "network-host": {}, port: 1 }],
  ])("skips %j", (entry) => {
    expect(alternatesOf([entry, { "network-host": "c", port: 2 }], endpoint("amqp"))).toMatchObject([{ host: "c" }]);
  });

  it("are at most 32 of a list of 100,000", () => {
    const list = Array.from({ length: 100_000 }, (_, port) => ({ "network-host": "b", port: port % 60_000 }));
    expect(alternatesOf(list, endpoint("amqp"))).toHaveLength(32);
  });

  it("is none where there is no list", () => {
    expect(alternatesOf(undefined, endpoint("amqp"))).toEqual([]);
    expect(alternatesOf({}, endpoint("amqp"))).toEqual([]);
  });

  it("inherits options and login, and shows no login to anyone who looks", () => {
    const current = endpoint("amqp");
    const credentials = { username: "ada", password: "secret" };
    Object.defineProperty(current, "credentials", { get: () => credentials });
    const found = alternateOf({ "network-host": "[::1]", port: 5673 }, current);
    expect(found).toEqual({ scheme: "amqp", host: "::1", port: 5673, options: current.options });
    expect(found?.credentials).toEqual(credentials);
    expect(inspect(found, { showHidden: true }) + JSON.stringify(found)).not.toContain("secret");
  });
});
