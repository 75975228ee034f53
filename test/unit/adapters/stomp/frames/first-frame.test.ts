import { expect, it } from "vitest";
import { firstFrameGate } from "../../../../../src/adapters/stomp/frames/first-frame.ts";

/** What it lets through of each piece, fed as our socket feeds it: what is held comes again with the next. */
function through(pieces: readonly string[]): string[] {
  const gate = firstFrameGate();
  let held = "";
  return pieces.map((piece) => {
    const joined = held + piece;
    const keep = gate(Buffer.from(joined, "latin1"));
    held = joined.slice(joined.length - keep);
    return joined.slice(0, joined.length - keep);
  });
}

it.each([
  ["a whole answer, and nothing behind it", ["CONNECTED\na:b\n\n\0\nMESSAGE\n\n\0"], ["CONNECTED\na:b\n\n\0"]],
  [
    "nothing before the answer is whole",
    ["CONN", "ECTED\r\n", "a:b\r\n\r", "\n\0\r\n"],
    ["", "", "", "CONNECTED\r\na:b\r\n\r\n\0"],
  ],
  ["a body with NULs by its length", ["ERROR\ncontent-length:3\n\na\0b\0\n"], ["ERROR\ncontent-length:3\n\na\0b\0"]],
  ["nothing of later pieces", ["ERROR\n\nno\0", "RECEIPT\n\n\0", "\n"], ["ERROR\n\nno\0", "", ""]],
])("lets through %s", (_, pieces, expected) => {
  expect(through(pieces)).toEqual(expected);
});

it("lets through what is longer than an answer may be, for stompit to judge", () => {
  const long = "ERROR\n\n".padEnd(17_000, "x");
  expect(through([long.slice(0, 10_000), long.slice(10_000), "more\0"])).toEqual(["", long, "more\0"]);
});
