import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { HeaderBlock } from "../../../../../src/adapters/stomp/frames/header-block.ts";
import { PartialBody } from "../../../../../src/adapters/stomp/frames/partial-body.ts";

const headers = new HeaderBlock("\n");

function collected(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

it.each([undefined, 2_000_000])(
  "a body that comes byte by byte keeps about as many bytes, its length being %s",
  (length) => {
    const size = 1_000_000;
    const body = new PartialBody({ command: "MESSAGE", headers, limit: 4_000_000, length });
    const before = collected();
    // As TLS hands them over: each in a buffer of its own.
    for (let nth = 0; nth < size; nth++) body.take(Buffer.from([1 + (nth % 200)]), 0);
    expect(collected() - before).toBeLessThan(4 * size);
    expect(body.bytes).toBe(size);
    const joined = body.join();
    expect(joined.length).toBe(size);
    expect(joined[777]).toBe(1 + (777 % 200));
  },
);

it("what is longer than the limit is counted, and kept up to it", () => {
  const body = new PartialBody({ command: "MESSAGE", headers, limit: 10, length: undefined });
  body.take(Buffer.from("0123456"), 0);
  expect(body.tooLong).toBe(false);
  body.take(Buffer.from("789abcdef"), 0);
  expect(body.tooLong).toBe(true);
  expect(body.join().toString()).toBe("0123456789");
  body.take(Buffer.from("ghi\0"), 0);
  expect(body).toMatchObject({ bytes: 19, state: "over" });
});
