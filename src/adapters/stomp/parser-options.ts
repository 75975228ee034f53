/** How stompit's parser is set up: its limits, and one repair that its options allow. */
import type { Transform } from "node:stream";
import type { ParserOptions } from "stompit";

export const PARSER_OPTIONS: ParserOptions = {
  // stompit's own limits (1024 bytes, 64 headers) are below what both brokers deliver: the message would come again for ever.
  maxLineLength: 1024 * 1024,
  maxHeaders: 1024,
  construct: pinHeaders,
};

/**
 * stompit keeps the headers of a frame in a plain object and asks that object for `hasOwnProperty`: a header of this
 * name, which anybody who may send can set, would throw from the event loop. Pinned, it passes for a repeated header,
 * and those are skipped.
 */
function pinHeaders(this: Transform, done: () => void): void {
  let headers: object = {};
  Object.defineProperty(this, "_headers", {
    get: () => headers,
    set: (fresh: object) => {
      headers = Object.defineProperty(fresh, "hasOwnProperty", { value: Object.prototype.hasOwnProperty });
    },
  });
  done();
}
