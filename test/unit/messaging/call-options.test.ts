import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../src/errors.ts";
import { checkSendOptions } from "../../../src/messaging/call-options.ts";

describe("the options of a call", () => {
  it("are taken by their names, given or undefined", () => {
    expect(() => checkSendOptions({ ttlMs: 1, properties: {}, persistent: false })).not.toThrow();
  });

  it("that are misspelt are refused with the nearest name", () => {
    const misspelt: object = { timeoutms: 5 };
    expect(() => checkSendOptions(misspelt)).toThrow(InvalidArgumentError);
    expect(() => checkSendOptions(misspelt)).toThrow("send() has no option timeoutms: did you mean timeoutMs?");
  });

  it("that do not exist are refused with the list of those that do", () => {
    const unknown: object = { wibble: "prices" };
    expect(() => checkSendOptions(unknown)).toThrow(
      /^send\(\) has no option wibble: it takes properties, ttlMs, priority, correlationId, /,
    );
  });
});
