import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../src/errors.ts";
import { checkConsumeOptions, checkSendOptions } from "../../../src/messaging/call-options.ts";

describe("the options of a call", () => {
  it("are taken by their names, given or undefined", () => {
    expect(() => checkSendOptions({ ttlMs: 1, properties: {}, persistent: false })).not.toThrow();
    expect(() => checkConsumeOptions({ prefetch: 1, selector: "a = 1" })).not.toThrow();
  });

  it("that are misspelt are refused with the nearest name", () => {
    const misspelt: object = { timeoutms: 5 };
    expect(() => checkSendOptions(misspelt)).toThrow(InvalidArgumentError);
    expect(() => checkSendOptions(misspelt)).toThrow("send() has no option timeoutms: did you mean timeoutMs?");
  });

  it("that do not exist are refused with the list of those that do", () => {
    const unknown: object = { durable: "prices" };
    expect(() => checkConsumeOptions(unknown)).toThrow(
      /^consume\(\) has no option durable: it takes prefetch, selector, signal/,
    );
  });
});
