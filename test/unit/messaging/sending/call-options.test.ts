import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../../src/errors/errors.ts";
import type { Connection } from "../../../../src/messaging/connection/connection.ts";
import { checkSendOptions } from "../../../../src/messaging/sending/call-options.ts";
import { toyConnected } from "../../../support/toy-connection.ts";

describe("the options of a call", () => {
  it("are taken by their names, given or undefined", () => {
    expect(() => checkSendOptions({ ttlMs: 1, properties: {}, persistent: false })).not.toThrow();
  });

  it("that are misspelt are refused with the nearest name", () => {
    const misspelt: object = { timeoutms: 5 };
    expect(() => checkSendOptions(misspelt)).toThrow(InvalidArgumentError);
    expect(() => checkSendOptions(misspelt)).toThrow("send() has no option timeoutms: did you mean timeoutMs?");
  });

  it.each<[string, (connection: Connection) => unknown, string]>([
    [
      "deduplicate",
      (c) => c.consume("queue://q", { deduplicate: { max: 1, ttl: 5 } as never }),
      "deduplicate has no option ttl: it takes max, ttlMs",
    ],
    [
      "deduplicate",
      (c) => c.consume("queue://q", { deduplicate: true as never }),
      "deduplicate is an object with max, ttlMs, not true",
    ],
    [
      "request",
      (c) => c.request("queue://q", 1, { temporry: true } as object),
      "request() has no option temporry: did you mean temporary?",
    ],
    ["request", (c) => c.request("queue://q", 1, { temporary: "no" as never }), "temporary is true or false, not 'no'"],
    [
      "redelivery",
      (c) => c.consume("queue://q").run(() => {}, { redelivery: { max: 1, initialDelay: 5 } as never }),
      "redelivery has no option initialDelay: did you mean initialDelayMs?",
    ],
    [
      "redelivery",
      (c) => c.consume("queue://q").run(() => {}, { redelivery: 3 as never }),
      "redelivery is an object with max, initialDelayMs, multiplier, maxDelayMs, not 3",
    ],
    [
      "drain",
      (c) => c.consume("queue://q").drain({ timeout: 5 } as object),
      "drain() has no option timeout: did you mean timeoutMs?",
    ],
    [
      "persistent",
      (c) => c.send("queue://q", 1, { persistent: "no" as never }),
      "persistent is true or false, not 'no'",
    ],
    [
      "priority",
      (c) => c.send("queue://q", 1, { priority: "4" as never }),
      "priority is a whole number from 0 to 9, not '4'",
    ],
  ])("are checked in %s too", async (_, call, text) => {
    const { connection } = await toyConnected();
    await expect(async () => await call(connection)).rejects.toThrow(text);
    await connection.close();
  });

  it("that do not exist are refused with the list of those that do", () => {
    const unknown: object = { wibble: "prices" };
    expect(() => checkSendOptions(unknown)).toThrow(
      /^send\(\) has no option wibble: it takes properties, ttlMs, priority, correlationId, /,
    );
  });
});
