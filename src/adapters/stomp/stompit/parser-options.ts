/** How stompit's parser is set up: its limits, and one repair that its options allow. */
import type { Transform } from "node:stream";
import type { ParserOptions } from "stompit";

const MAX_HEADERS = 1024;

export const PARSER_OPTIONS: ParserOptions = {
  // stompit's own limits (1024 bytes, 64 headers) are below what both brokers deliver: the message would come again for ever.
  maxLineLength: 1024 * 1024,
  maxHeaders: MAX_HEADERS,
  construct: pinHeaders,
};

/**
 * stompit keeps the headers of a frame in a plain object and asks that object for `hasOwnProperty`: a header of this
 * name, which anybody who may send can set, would throw from the event loop. Pinned, it passes for a repeated header,
 * and those are skipped. It is asked once for each line, so it counts them: stompit counts no repeated ones, of which
 * there may be no end.
 */
function pinHeaders(this: Transform, done: () => void): void {
  let headers: object = {};
  Object.defineProperty(this, "_headers", {
    get: () => headers,
    set: (fresh: object) => {
      headers = Object.defineProperty(fresh, "hasOwnProperty", { value: countingHas(this) });
    },
  });
  done();
}

function countingHas(parser: Transform): (this: object, name: string) => boolean {
  let lines = 0;
  return function (name) {
    lines += 1;
    // A throw that is not of its own kind stompit would pass on to the event loop.
    if (lines === MAX_HEADERS + 1) parser.destroy(new Error("too many headers, repeated ones among them"));
    return Object.hasOwn(this, name);
  };
}
