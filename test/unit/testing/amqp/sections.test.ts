import rhea from "rhea";
import { describe, expect, it } from "vitest";
import { encodeHeader, findSections } from "../../../../src/testing/amqp/sections.ts";

describe("findSections", () => {
  it("finds header and body among sections of every width", () => {
    const before = {
      durable: true,
      message_annotations: { "x-opt-a": 1 },
      message_id: "i".repeat(300),
      application_properties: { a: "p".repeat(300), b: 1.5, c: true, d: Buffer.alloc(3) },
    };
    const body = "b".repeat(1000);
    const encoded = rhea.message.encode({ ...before, body });
    const { headerEnd, bodyAt } = findSections(encoded);
    expect(rhea.message.decode(encoded.subarray(bodyAt))["body"]).toBe(body);
    expect(rhea.message.decode(encoded.subarray(0, headerEnd))["durable"]).toBe(true);
    const rest = rhea.message.decode(encoded.subarray(headerEnd));
    expect([rest["durable"], rest["message_id"], rest["body"]]).toEqual([undefined, before.message_id, body]);
  });

  it("finds no header where there is none, and no body", () => {
    expect(findSections(Buffer.of(0x00, 0x53, 0x77, 0x40))).toEqual({ headerEnd: 0, bodyAt: 0 });
    expect(findSections(Buffer.alloc(0))).toEqual({ headerEnd: 0, bodyAt: 0 });
  });

  it("refuses what is cut short anywhere before the body, or is no message", () => {
    const encoded = rhea.message.encode({ durable: true, message_id: "some-id", body: "b" });
    const { bodyAt, headerEnd } = findSections(encoded);
    for (let length = headerEnd + 1; length < bodyAt; length++) {
      const cut = encoded.subarray(0, length);
      // A length that points past the end is seen by the decoder.
      if (length < headerEnd + 5)
        expect(() => findSections(cut)).toThrow(expect.objectContaining({ condition: "amqp:decode-error" }));
    }
    expect(() => findSections(Buffer.from("nonsense"))).toThrow(
      expect.objectContaining({ condition: "amqp:decode-error" }),
    );
  });

  it("reads descriptors that are symbols, and refuses symbols that name no section", () => {
    const symbolic = Buffer.from("\0\xa3\x10amqp:header:list\x45", "latin1");
    expect(findSections(symbolic)).toEqual({ headerEnd: symbolic.length, bodyAt: symbolic.length });
    for (const text of ["\0\xa3\x04what\x45", `\0\xa3\xff${"x".repeat(255)}\x45`, "\0\xa3\x10amqp:head"]) {
      expect(() => findSections(Buffer.from(text, "latin1"))).toThrow(
        expect.objectContaining({ condition: "amqp:decode-error" }),
      );
    }
  });
});

describe("encodeHeader", () => {
  it.each([
    [
      { durable: true, priority: 9, ttlMs: 5000, deliveryCount: 3 },
      { durable: true, priority: 9, ttl: 5000, delivery_count: 3 },
    ],
    [
      { durable: false, priority: 4, ttlMs: undefined, deliveryCount: 0 },
      { durable: false, priority: 4, delivery_count: 0 },
    ],
  ])("writes %j", (header, expected) => {
    expect({ ...rhea.message.decode(encodeHeader(header)) }).toMatchObject(expected);
  });
});
