import { describe, expect, it, vi } from "vitest";
import { createOutgoingMessage, delayLeftMs, timeLeftMs } from "../../../../src/messaging/messages/outgoing-message.ts";

describe("an outgoing message", () => {
  it("takes a string as text, bytes as bytes and anything else as JSON", () => {
    expect(createOutgoingMessage("Grüße")).toMatchObject({ kind: "text", body: Buffer.from("Grüße") });
    const bytes = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
    expect(createOutgoingMessage(bytes)).toMatchObject({ kind: "bytes", body: Buffer.from([1, 2, 3]) });
    for (const value of [{ a: [1] }, 5, true, null]) {
      expect(createOutgoingMessage(value)).toMatchObject({ kind: "json", body: Buffer.from(JSON.stringify(value)) });
    }
  });

  it("is persistent and has an id of its own unless said, and no expiry", () => {
    const message = createOutgoingMessage("x");
    expect(message).toMatchObject({ persistent: true, expiresAtMs: undefined, priority: undefined, properties: {} });
    expect(createOutgoingMessage("x").id).not.toBe(message.id);
    expect(createOutgoingMessage("x", { id: "mine", persistent: false })).toMatchObject({
      id: "mine",
      persistent: false,
    });
  });

  it("keeps the properties as they were, whatever becomes of the caller's object", () => {
    const properties: Record<string, string> = { a: "1" };
    const message = createOutgoingMessage("x", { properties });
    properties["a"] = "2";
    expect(message.properties).toEqual({ a: "1" });
  });

  it("expires its time to live after the call", () => {
    const before = Date.now();
    const { expiresAtMs = 0 } = createOutgoingMessage("x", { ttlMs: 1_000 });
    expect(expiresAtMs - 1_000).toBeGreaterThanOrEqual(before);
    expect(expiresAtMs - 1_000).toBeLessThanOrEqual(Date.now());
  });

  it("says what about a body cannot be written as JSON", () => {
    const faulty = {
      toJSON() {
        throw new Error("not today");
      },
    };
    expect(() => createOutgoingMessage(faulty)).toThrow(/cannot be written as JSON: not today/);
    expect(() => createOutgoingMessage(Symbol("x") as unknown as string)).toThrow(/The body is symbol/);
  });
});

describe("the times of a message", () => {
  it("are measured by a clock that never steps", () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    try {
      const message = createOutgoingMessage("x", { ttlMs: 60_000, delayMs: 50_000 });
      vi.setSystemTime(Date.now() + 3_600_000);
      expect(timeLeftMs(message)).toBeGreaterThan(59_000);
      expect(delayLeftMs(message)).toBeGreaterThan(49_000);
    } finally {
      vi.useRealTimers();
    }
    const plain = createOutgoingMessage("x");
    expect([timeLeftMs(plain), delayLeftMs(plain)]).toEqual([undefined, undefined]);
  });
});

describe("half of a surrogate pair", () => {
  it.each<[string, object]>([
    ["id", { id: "a\ud800" }],
    ["correlationId", { correlationId: "\udc00" }],
    ["type", { type: "t\ud800" }],
    ["groupId", { groupId: "g\ud800" }],
    ["replyTo", { replyTo: "queue://r\ud800" }],
    ["a property's name", { properties: { "n\ud800": "v" } }],
    ["a property's value", { properties: { n: "v\ud800" } }],
  ])("in %s is refused: it would arrive as another text", (_, options) => {
    expect(() => createOutgoingMessage("x", options)).toThrow(/half of a surrogate pair/);
  });

  it("is no fault of a whole pair", () => {
    const options = { id: "\u{1f600}", properties: { "\u{1f600}": "\u{1f600}" }, replyTo: "queue://\u{1f600}" };
    expect(createOutgoingMessage("x", options)).toMatchObject({ id: options.id, properties: options.properties });
  });
});
