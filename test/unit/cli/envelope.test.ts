import { expect, it } from "vitest";
import { envelope, failureEnvelope, ndjsonLines } from "../../../src/cli/envelope.ts";
import { EXIT, exitCodeOf } from "../../../src/cli/exit-codes.ts";
import { configDocument } from "../../../src/config/config-document.ts";
import { ConfigError } from "../../../src/config/config-error.ts";

it("an envelope has schema, ok, data, warnings and error, whether the verb went well or not", () => {
  expect(envelope("probe", { a: 1 })).toEqual({
    schema: "masterslave/probe/1",
    ok: true,
    data: { a: 1 },
    warnings: [],
    error: null,
  });
  const finding = configDocument({}).finding({ code: "X", path: ["a"], message: "m", advice: "n" });
  const failure = failureEnvelope("bridge", new ConfigError("BRIDGE_CONFIG", "The configuration", [finding]));
  expect(failure).toMatchObject({ schema: "masterslave/bridge/1", ok: false, data: null });
  expect(failure.error).toMatchObject({ code: "BRIDGE_CONFIG", retryable: false, findings: [finding] });
  expect(failureEnvelope("bridge", "odd").error).toMatchObject({ code: "INTERNAL" });
});

it("each line of ndjson has its time, number and type", () => {
  const line = ndjsonLines(() => 0);
  expect(JSON.parse(line("link", { name: "a" }))).toEqual({
    ts: "1970-01-01T00:00:00.000Z",
    seq: 1,
    type: "link",
    name: "a",
  });
  expect(JSON.parse(line("link", {}))).toMatchObject({ seq: 2 });
});

it("an exit code follows from the error's code", () => {
  expect(exitCodeOf({ code: "BRIDGE_CONFIG" })).toBe(EXIT.usage);
  expect(exitCodeOf({ code: "NO_ACTIVE_ENDPOINT" })).toBe(3);
  expect(exitCodeOf({ code: "AUTHENTICATION_FAILED" })).toBe(5);
  expect(exitCodeOf({ code: "CONNECT_TIMEOUT" })).toBe(6);
  expect(exitCodeOf({ code: "INTERNAL" })).toBe(1);
});
