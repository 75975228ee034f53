import { describe, expect, it } from "vitest";
import { FirstFrame } from "../../../../../src/adapters/stomp/stompit/first-frame.ts";

/** The frame found in these pieces, and what of them does not belong to it. */
function found(pieces: readonly (string | Buffer)[]) {
  const first = new FirstFrame();
  const rest: Buffer[] = [];
  for (const piece of pieces.map((one) => Buffer.from(one as string, "latin1"))) {
    const whole = first.state === "whole";
    rest.push(piece.subarray(whole ? 0 : first.take(piece)));
  }
  return {
    state: first.state,
    frame: first.bytes.toString("latin1"),
    rest: Buffer.concat(rest).toString("latin1"),
    first,
  };
}

describe("the answer to CONNECT", () => {
  it.each([
    ["a whole answer", ["CONNECTED\na:b\n\n\0\nMESSAGE\n\n\0"], "CONNECTED\na:b\n\n\0", "\nMESSAGE\n\n\0"],
    ["one in pieces", ["CONN", "ECTED\r\n", "a:b\r\n\r", "\n\0\r\n"], "CONNECTED\r\na:b\r\n\r\n\0", "\r\n"],
    [
      "a body with NULs, by its length",
      ["ERROR\ncontent-length:3\n\na\0b\0\n"],
      "ERROR\ncontent-length:3\n\na\0b\0",
      "\n",
    ],
    ["one behind line ends", ["\n", "\r\n\nERROR\n\nno\0"], "ERROR\n\nno\0", ""],
    ["one before others", ["ERROR\n\nno\0", "RECEIPT\n\n\0", "\n"], "ERROR\n\nno\0", "RECEIPT\n\n\0\n"],
  ])("is found in %s", (_, pieces, frame, rest) => {
    expect(found(pieces)).toMatchObject({ state: "whole", frame, rest });
    // Byte for byte it is the same.
    expect(found(pieces.join("").split(""))).toMatchObject({ state: "whole", frame, rest });
  });

  it("is not whole before its NUL", () => {
    expect(found(["CONNECTED\na:b\n\n"]).state).toBe("body");
    expect(found(["ERROR\ncontent-length:5\n\n1234\0"]).state).toBe("body");
  });

  it.each(["ERROR\n\n", "ERROR\ncontent-length:999999\n\n"])("has at most 64 KiB of a body behind %j", (head) => {
    const { state, first, frame } = found([head, ...Array.from({ length: 100 }, () => "x".repeat(1000))]);
    expect(state).toBe("whole");
    expect(first.body().toString()).toBe("x".repeat(64 * 1024));
    expect(frame.length).toBe(head.length + 64 * 1024 + 1);
  });

  it("is given up when its headers do not end", () => {
    const pieces = Array.from({ length: 300 }, () => "x".repeat(10_000));
    expect(found(pieces).state).toBe("overlong");
  });

  it("takes time in proportion to its length when it comes byte by byte", () => {
    const bytes = Buffer.from(`ERROR\nmessage:${"m".repeat(1_000_000)}\n\n${"b".repeat(64_000)}\0`);
    const { user, system } = process.cpuUsage();
    const first = new FirstFrame();
    for (let at = 0; at < bytes.length; at++) first.take(bytes.subarray(at, at + 1));
    const after = process.cpuUsage();
    expect(first.state).toBe("whole");
    expect((after.user - user + after.system - system) / 1000).toBeLessThan(2000);
  });
});
