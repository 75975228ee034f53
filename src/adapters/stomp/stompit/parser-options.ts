/** The settings of stompit's parser: its limits, and one repair that its options allow. */
import type { Transform } from "node:stream";
import type { ParserOptions } from "stompit";

const MAX_HEADERS = 1024;

export const PARSER_OPTIONS: ParserOptions = {
  // stompit's own limits (1024 bytes, 64 headers) are below what both brokers deliver: such a message would come again
  // for ever.
  maxLineLength: 1024 * 1024,
  maxHeaders: MAX_HEADERS,
  construct: pinHeaders,
};

/**
 * stompit keeps the headers of a frame in a plain object and calls that object's `hasOwnProperty`. A header of this
 * name, which any sender can set, would throw from the event loop. With this fixed property it counts as a repeated
 * header, and those are skipped. It is called once for each line, so it also counts lines: stompit does not limit
 * repeated headers.
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
    // stompit would pass an exception of any other kind on to the event loop.
    if (lines === MAX_HEADERS + 1) parser.destroy(new Error("too many headers, repeated ones among them"));
    return Object.hasOwn(this, name);
  };
}
