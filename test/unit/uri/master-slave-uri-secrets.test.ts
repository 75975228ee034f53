/** No error about a URI tells a password, wherever in a URI it stands and whatever is wrong with it. */
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import { parseMasterSlaveUri } from "../../../src/uri/master-slave-uri.ts";
import { resolveOptions } from "../../../src/uri/resolve-options.ts";

/** What no template holds; it is looked for whole and in halves, as a message may cut it. */
const MARK = "Zq7xW9vK";
const HALVES = [MARK.slice(0, 4), MARK.slice(4)];

/** The mark among characters that have a meaning in a URI, as people paste them unescaped. */
const password = fc
  .tuple(
    fc.string({ unit: fc.constantFrom(..."aB9:/?#[]@!$&'()*+,;=% \t\"<>\\^`{|}~-._é"), maxLength: 6 }),
    fc.string({ unit: fc.constantFrom(..."aB9:/?#[]@!$&'()*+,;=% %4g"), maxLength: 6 }),
  )
  .map(([before, after]) => `${before}${MARK}${after}`);

const TEMPLATES: readonly ((secret: string) => string)[] = [
  (secret) => `stomp://user:${secret}@a:61613`,
  (secret) => `stomp://${secret}@a:61613`,
  (secret) => `masterslave:(stomp://user:${secret}@a:61613,stomp://b:61613)?maxReconnectDelay=5000`,
  (secret) => `masterslave:(stomp://a,stomp://user:${secret}@b:99999)?nonsense=1`,
  (secret) => `failover:(amqp://user:${secret}@a,amqp://b)?jms.password=${secret}`,
  (secret) => `failover:(amqp://a,amqp://b)?jms.password=${secret}&initialReconnectDelay=x`,
  (secret) => `amqps://user:${secret}@a?wireFormat.x=1&heartbeatMs=-1`,
  (secret) => `stomp+ssl://user:${secret}@[::1]:61614?transport.keyStorePassword=${secret}`,
  (secret) => `masterslave:(stomp://user:${secret}@a,http://b)`,
];

/** Deletes, doubles or exchanges a character: what a slip of the hand does. */
const slip = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom("none", "delete", "double", "replace"),
  by: fc.constantFrom(..."@:/?#(),&=%[] x"),
});

function slipped(uri: string, markAt: number, { at, kind, by }: { at: number; kind: string; by: string }): string {
  const place = Math.floor(at * (uri.length - 1));
  // The mark itself stays whole.
  if (kind === "none" || (place >= markAt && place < markAt + MARK.length)) return uri;
  const rest = uri.slice(place + 1);
  const middle = { delete: "", double: `${uri[place]}${uri[place]}`, replace: by }[kind];
  return `${uri.slice(0, place)}${middle}${rest}`;
}

/** Whether anything still says that it is a secret; after enough slips it may be a host name like any other. */
function isMarked(uri: string): boolean {
  const at = uri.indexOf(MARK);
  return /@|%40/.test(uri.slice(at)) || /:\/\/[^/?#,():]*:|pass/i.test(uri.slice(0, at));
}

function texts(error: unknown): string {
  const said = [String(error), inspect(error, { depth: Infinity, showHidden: true })];
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    said.push(`${cause.stack}`, JSON.stringify(cause));
  return said.join("\n");
}

describe("errors about URIs", () => {
  it("tell no part of a password, for any password, place and slip", () => {
    const codes = new Map<string, number>();
    fc.assert(
      fc.property(
        password,
        fc.constantFrom(...TEMPLATES),
        fc.array(slip, { maxLength: 3 }),
        (secret, template, slips) => {
          let uri = template(secret);
          for (const each of slips) uri = slipped(uri, uri.indexOf(MARK), each);
          if (!isMarked(uri)) return;
          try {
            const parsed = parseMasterSlaveUri(uri);
            expect(texts(parsed).match(new RegExp(HALVES.join("|")))).toBeNull();
            resolveOptions(parsed, {});
          } catch (error) {
            if (!(error instanceof MasterSlaveError)) throw error;
            codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
            for (const half of HALVES)
              if (texts(error).includes(half)) throw new Error(`Told for ${uri}: ${error.message}`);
          }
        },
      ),
      { numRuns: 4_000, seed: 20_261_125 },
    );
    expect([...codes.keys()].sort()).toEqual(
      expect.arrayContaining(["INVALID_OPTION", "INVALID_URI", "UNKNOWN_OPTION"]),
    );
  });
});
