import stompit from "stompit";
import { describe, expect, it } from "vitest";
import { PARSER_OPTIONS } from "../../../../../src/adapters/stomp/stompit/parser-options.ts";

/** What stompit's parser ends with when it reads this. */
async function errorOf(text: string): Promise<unknown> {
  const parser = new stompit.IncomingFrameStream(PARSER_OPTIONS);
  return new Promise((resolve) => {
    parser.on("error", resolve);
    parser.write(Buffer.from(text), () => setImmediate(resolve, undefined));
  });
}

describe("the headers of a frame", () => {
  it.each([
    ["the same one", () => "a:b\n"],
    ["different ones", (nth: number) => `a${nth}:b\n`],
    ["hasOwnProperty", () => "hasOwnProperty:b\n"],
  ])("are at most 1024 lines of %s", async (_what, line) => {
    const lines = (count: number) => Array.from({ length: count }, (_, nth) => line(nth)).join("");
    expect(await errorOf(`MESSAGE\n${lines(1024)}`)).toBeUndefined();
    expect(await errorOf(`MESSAGE\n${lines(1025)}`)).toMatchObject({ message: /too many headers/ });
  });
});
