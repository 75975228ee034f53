import { describe, expect, it } from "vitest";
import { checkBodyKept, encodeBody } from "../../../../src/messaging/messages/message-body.ts";

/** A view whose buffer was transferred away. */
function transferred(): Uint8Array {
  const bytes = new Uint8Array(8);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

describe("a body", () => {
  it("that is any view of bytes is sent as the bytes it shows", () => {
    const floats = new Float64Array([1.5, -2]).subarray(1);
    expect(encodeBody(floats)).toEqual({ kind: "bytes", bytes: Buffer.from(new Float64Array([-2]).buffer) });
    const view = new DataView(new Uint8Array([9, 1, 2, 9]).buffer, 1, 2);
    expect(encodeBody(view)).toEqual({ kind: "bytes", bytes: Buffer.from([1, 2]) });
  });

  it.each<[string, unknown, RegExp]>([
    ["NaN", Number.NaN, /NaN, which JSON would store as null/],
    ["Infinity", Number.POSITIVE_INFINITY, /Infinity, which JSON would store as null/],
    ["an invalid Date", new Date(Number.NaN), /Invalid Date, which JSON would store as null/],
    ["a typed array behind a Proxy", new Proxy(new Uint8Array([65]), {}), /send it alone, as bytes/],
    ["a typed array behind a Proxy inside", { a: new Proxy(new Uint8Array([65]), {}) }, /body\['a'\].*as bytes/],
    ["a Promise", Promise.resolve(1), /^The body is a Promise.*send await it/],
    // biome-ignore lint/suspicious/noThenProperty: it is what is tested.
    ["a thenable", { then: () => {} }, /^The body is a Promise/],
    ["an ArrayBuffer", new ArrayBuffer(2), /send new Uint8Array\(it\)/],
    ["a SharedArrayBuffer", new SharedArrayBuffer(2), /send new Uint8Array\(it\)/],
    ["a Map", new Map([[1, 2]]), /Object\.fromEntries/],
    ["a Set", new Set([1]), /send an array/],
    ["a Blob", new Blob(["x"]), /read it first/],
    ["an Error", new TypeError("lost"), /send its message/],
    ["a RegExp", /x/, /send its source/],
    ["URLSearchParams", new URLSearchParams("a=1"), /Object\.fromEntries/],
    ["a Map deep within", { a: [{ b: new Map() }] }, /^The value at body\['a'\]\['0'\]\['b'\] is a Map/],
    ["a Promise deep within", { a: Promise.resolve() }, /^The value at body\['a'\] is a Promise/],
    ["a typed array deep within", { a: new Float32Array(2) }, /^The value at body\['a'\] is a Float32Array/],
    ["a view whose buffer was transferred", transferred(), /was transferred/],
    ["a BigInt", 5n, /cannot be written as JSON/],
    ["a function", () => {}, /The body is function/],
  ])("that is %s is INVALID_ARGUMENT with what to send instead", (_, body, advice) => {
    expect(() => encodeBody(body)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    expect(() => encodeBody(body)).toThrow(advice);
  });

  it.each<[string, unknown]>([
    ["empty objects and arrays", { a: {}, b: [{}], "0": 1 }],
    ["a date", { at: new Date(0), none: {} }],
    ["a Map that says how it is written", Object.assign(new Map(), { toJSON: () => ({ a: 1 }) })],
    ["an object of a class", new (class Empty {})()],
    ["a Buffer within", { b: Buffer.from("x"), c: {} }],
    [
      "one object twice",
      (() => {
        const one = {};
        return [one, one];
      })(),
    ],
  ])("with %s is JSON as before", (_, body) => {
    expect(encodeBody(body)).toEqual({ kind: "json", bytes: Buffer.from(JSON.stringify(body)) });
  });

  it("that is a Proxy whose traps throw is INVALID_ARGUMENT", () => {
    const trap = () => {
      throw new Error("no entry");
    };
    for (const handler of [{ get: trap }, { has: trap }, { ownKeys: trap }])
      expect(() => encodeBody(new Proxy({}, handler))).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });

  it("whose buffer was transferred after the call is refused when it is to be written", () => {
    const body = Buffer.from(new Uint8Array(8).buffer);
    checkBodyKept(body, 8);
    structuredClone(body.buffer, { transfer: [body.buffer] });
    expect(() => checkBodyKept(body, 8)).toThrow(/had 8 bytes when it was sent and has 0 now/);
  });
});
