/** Reading URIs: every vector of test/vectors/masterslave-uri.json, and what a vector cannot say. */
import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAddress, InvalidOptionError, InvalidUriError, MasterSlaveError } from "../../../src/errors/errors.ts";
import type { Endpoint } from "../../../src/uri/endpoint.ts";
import { formatMasterSlaveUri } from "../../../src/uri/format-master-slave-uri.ts";
import { parseMasterSlaveUri } from "../../../src/uri/master-slave-uri.ts";

/** `java`: what ActiveMQ 6.1.8 (or the named client) parses and, in `use`, what it then makes of it; null: not asked. */
interface Vector {
  readonly uri: string;
  readonly java: { readonly components?: readonly string[]; readonly error?: string; readonly use?: string } | null;
  readonly ours: Readonly<Record<string, unknown>>;
  readonly reason?: string;
}

const vectors: readonly Vector[] = JSON.parse(
  readFileSync(new URL("../../vectors/masterslave-uri.json", import.meta.url), "utf8"),
);

function thrownBy(text: string): unknown {
  try {
    parseMasterSlaveUri(text);
  } catch (error) {
    return error;
  }
  throw new Error(`Accepted: ${text}`);
}

function errorOf(text: string): MasterSlaveError {
  const error = thrownBy(text);
  if (error instanceof MasterSlaveError) return error;
  throw error;
}

function endpointText(endpoint: Endpoint): string {
  const query = new URLSearchParams(endpoint.options).toString();
  return formatAddress(endpoint) + (query && `?${query}`);
}

function answer(text: string, expected: Vector["ours"]): unknown {
  if ("error" in expected) {
    const error = errorOf(text);
    const position = error instanceof InvalidUriError ? { position: error.position } : {};
    const option = error instanceof InvalidOptionError ? { option: error.option } : {};
    return { error: error.code, ...position, ...option };
  }
  const { scheme, endpoints, options, ignored } = parseMasterSlaveUri(text);
  const names = ignored.map(({ name }) => name);
  return { scheme, endpoints: endpoints.map(endpointText), options, ...(names.length > 0 ? { ignored: names } : {}) };
}

describe("the vectors of masterslave-uri.json", () => {
  it.each(vectors)("answers $uri as written there", ({ uri, ours }) => {
    expect(answer(uri, ours)).toEqual(ours);
  });

  it("give a reason wherever we answer otherwise than Java", () => {
    const unexplained = vectors.filter(({ java, ours, reason }) => {
      const differs = java !== null && java.use === undefined && "error" in java !== "error" in ours;
      return differs && !reason;
    });
    expect(unexplained.map(({ uri }) => uri)).toEqual([]);
  });
});

describe("parseMasterSlaveUri", () => {
  it("keeps the listed order and merges nested options, an endpoint's own value winning", () => {
    const uri = parseMasterSlaveUri("masterslave:(tcp://b:2,tcp://a:1?protocol=STOMP)?nested.protocol=stomp");
    expect(uri.endpoints).toEqual([
      { scheme: "tcp", host: "b", port: 2, options: { protocol: "stomp" } },
      { scheme: "tcp", host: "a", port: 1, options: { protocol: "stomp" } },
    ]);
  });

  it("returns frozen data", () => {
    const uri = parseMasterSlaveUri("masterslave:(stomp://a,stomp://b)?jms.x=1&timeout=5");
    for (const part of [uri, uri.endpoints, uri.endpoints[0], uri.endpoints[0]?.options, uri.options, uri.ignored[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it.each([undefined, null, 5, {}])("refuses %s, which is no string, with a typed error", (value) => {
    expect(() => parseMasterSlaveUri(value as unknown as string)).toThrow(InvalidUriError);
  });

  it("points at the character with a caret", () => {
    const error = errorOf("masterslave:(stomp://a,stomp://b!x_b)");
    const [, line = "", caret = ""] = error.message.split("\n");
    expect(line.slice(caret.indexOf("^"))).toMatch(/^!x_b\)/);
    expect(error.message).toContain("at character 32");
  });

  it("keeps the caret under the character when a long text is cut", () => {
    const error = errorOf(`failover:(${Array.from({ length: 40 }, (_, i) => `stomp://h${i}`).join(",")},,stomp://z)`);
    const [, line = "", caret = ""] = error.message.split("\n");
    expect(line.slice(caret.indexOf("^"))).toMatch(/^,stomp:\/\/z\)/);
  });

  it.each([
    ["masterslave:(stomp://a,stomp://b)?maxReconectDelay=5", "maxReconnectDelay"],
    ["masterslave:(stomp://a,stomp://b)?RANDOMIZE=true", "randomize"],
    ["failover:(stomp://a,stomp://b)?startupMaxReconnectAttempt=5", "startupMaxReconnectAttempts"],
    ["failover:(stomp://a,stomp://b)?failover.reconnectBackoffMultiplier=5", "reconnectBackOffMultiplier"],
    ["stomp://a?heartbeat=5", "heartbeatMs"],
  ])("names the nearest option for %s", (text, nearest) => {
    const error = errorOf(text);
    expect(error).toMatchObject({ code: "UNKNOWN_OPTION", nearest });
    expect(error.message).toContain(`did you mean ${nearest}`);
  });

  it.each([
    ["masterSlave:(stomp://a,stomp://b)", "write masterslave:"],
    ["masterslave:(STOMP://a,stomp://b)", "write stomp://"],
    ["masterslave:(stomp+nio+ssl://a,stomp://b)", "write stomp+ssl://"],
    ["failover:(nio://a:1)", "OpenWire"],
    ["failover:(auto+nio+ssl://a:1)", "write stomp+ssl://"],
    ["static:(stomp://a,stomp://b)", "write masterslave:"],
    ["masterslave:(tcp://a,tcp://b)", "no default port"],
    ["masterslave:(stomp://a;stomp://b)", "separated by commas"],
    ["stomp://a?heartbeatMs=5&amp;randomize=true", "write & instead of &amp;"],
    ["stomp://a?timeout=5?randomize=true", "separated by &"],
    ["stomp:a", "begins with its scheme"],
    ["masterslave:(stomp://a,stomp://b:61613?timeout=5)", "after the closing parenthesis"],
    ["masterslave:(stomp://a,stomp://b)?nested.timeout=5", "without nested."],
    ["masterslave:(stomp://a,stomp://b?nested.protocol=stomp)", "after the parenthesis"],
  ])("says what to do about %s", (text, advice) => {
    expect(errorOf(text).message).toContain(advice);
  });

  it("reports what only Java knows as ignored, once each, secrets masked, with the reason", () => {
    const { ignored, options } = parseMasterSlaveUri(
      "failover:(stomp://a?soTimeout=1,stomp://b?soTimeout=2)?jms.password=s3cret&backup=true&trackMessages&nested.wireFormat.x=7",
    );
    expect(options).toEqual({});
    expect(ignored).toEqual([
      { name: "soTimeout", value: "2", reason: expect.stringContaining("socket") },
      { name: "jms.password", value: "***", reason: expect.stringContaining("JMS") },
      { name: "backup", value: "true", reason: expect.stringContaining("spare") },
      { name: "trackMessages", reason: expect.stringContaining("unconfirmed") },
      { name: "nested.wireFormat.x", value: "***", reason: expect.stringContaining("OpenWire") },
    ]);
  });

  it("lets the last of several spellings hold", () => {
    const { options } = parseMasterSlaveUri(
      "failover:(stomp://a)?backOffMultiplier=2&failover.reconnectBackOffMultiplier=3&reconnectDelayExponent=4",
    );
    expect(options).toEqual({ backOffMultiplier: 4 });
  });

  it("stays quick and typed for very long input", () => {
    expect(errorOf(`masterslave:${"(".repeat(100_000)}`)).toBeInstanceOf(InvalidUriError);
    expect(errorOf(`stomp://a?${"x".repeat(100_000)}=1`)).toBeInstanceOf(InvalidOptionError);
    expect(errorOf(`stomp://${"a.".repeat(50_000)}b`)).toBeInstanceOf(InvalidUriError);
    expect(errorOf(`stomp://a${":".repeat(100_000)}`)).toBeInstanceOf(InvalidUriError);
    expect(errorOf(`${" ".repeat(100_000)}x`)).toBeInstanceOf(InvalidUriError);
  });
});

describe("user-info", () => {
  it("is decoded into credentials, a + staying a +", () => {
    const { endpoints, credentials } = parseMasterSlaveUri("stomp://us%C3%A9r:p%40s%3As+1@h:1");
    expect(endpoints[0]).toMatchObject({ host: "h", port: 1 });
    expect(credentials).toEqual({ username: "usér", password: "p@s:s+1" });
    expect(endpoints[0]?.credentials).toEqual(credentials);
  });

  it("takes the last @ for the end, and a name alone for an empty password", () => {
    expect(parseMasterSlaveUri("stomp://u:p@ss@h").credentials).toEqual({ username: "u", password: "p@ss" });
    expect(parseMasterSlaveUri("stomp://u@h").credentials).toEqual({ username: "u", password: "" });
    expect(parseMasterSlaveUri("stomp://u:a:b@h").credentials).toEqual({ username: "u", password: "a:b" });
  });

  it("is the group's only if every endpoint has the same", () => {
    expect(parseMasterSlaveUri("masterslave:(stomp://u:p@a,stomp://u:p@b)").credentials).toEqual({
      username: "u",
      password: "p",
    });
    expect(parseMasterSlaveUri("masterslave:(stomp://u:p@a,stomp://u:q@b)").credentials).toBeUndefined();
    const partly = parseMasterSlaveUri("masterslave:(stomp://a,stomp://u:p@b)");
    expect(partly.credentials).toBeUndefined();
    expect(partly.endpoints.map(({ credentials }) => credentials?.username)).toEqual([undefined, "u"]);
  });

  it("shows in no text, copy, JSON or inspection", () => {
    const uri = parseMasterSlaveUri("masterslave:(stomp://n4me:s3cret@a,stomp://n4me:s3cret@b)?jms.password=s3cret");
    const inspected = inspect(uri, { showHidden: true, depth: 9 });
    const copies = JSON.stringify([uri, { ...uri }, uri.endpoints.map((endpoint) => ({ ...endpoint }))]);
    const texts = [
      formatMasterSlaveUri(uri),
      inspected,
      copies,
      String(uri),
      inspect(structuredClone(uri), { depth: 9 }),
    ];
    expect(texts.filter((text) => /n4me|s3cret/.test(text))).toEqual([]);
    expect(Object.keys(uri)).toEqual(["scheme", "endpoints", "options", "ignored"]);
  });

  const SECRET = "Zq7Xw9Kv";
  it.each([
    `stomp://${SECRET}:${SECRET}@h:x`,
    `stomp://${SECRET}:${SECRET}`,
    `stomp://${SECRET}:${SECRET}@`,
    `stomp://u:12?${SECRET}=3@h`,
    `stomp://u:12?${SECRET}@h`,
    `stomp://u:12/${SECRET}@h`,
    `stomp://u:12#${SECRET}@h`,
    `stomp://u:${SECRET}?${SECRET}@h`,
    `masterslave:(${SECRET}:${SECRET}@a:1,stomp://b)`,
    `masterslave:(stomp://u:1,${SECRET}://x@a,stomp://b)`,
    `masterslave:(stomp://u:1?timeout=${SECRET},x@a,stomp://b)`,
    `masterslave:(stomp://u:(${SECRET}@a,stomp://b)`,
    `masterslave:(stomp://u:${SECRET})@a,stomp://b)`,
    `masterslave:(stomp://u:${SECRET}@a,stomp://b,)?jms.password=${SECRET}`,
    `masterslave:(stomp://u:${SECRET}%40a,stomp://b,)`,
    `masterslave:(stomp://u:${SECRET}@a,stomp://b)?timeout=${SECRET}@x`,
    `masterslave:(stomp://u:%${SECRET}@a,stomp://b)`,
    `${SECRET}:${SECRET}@a:1`,
    `${SECRET}://u:${SECRET}@a:1`,
    `stomp://a?jms.password=${SECRET}#`,
    `stomp://a?jms.password=${SECRET} x`,
    `stomp://a?clientId=${SECRET}%00`,
  ])("does not show in the error for %s", (text) => {
    const error = errorOf(text);
    expect(inspect(error, { showHidden: true }) + JSON.stringify(error)).not.toContain(SECRET);
  });

  it("does not show in any error, whatever characters surround it", () => {
    const piece = fc.string({ unit: fc.constantFrom(..."@:/?#,()=&%+ 1x[]"), maxLength: 4 });
    const text = fc.tuple(
      piece,
      piece,
      piece,
      piece,
      fc.constantFrom("stomp", "tcp", "amqp+ssl", "mqtt"),
      fc.boolean(),
    );
    fc.assert(
      fc.property(text, ([a, b, c, d, scheme, grouped]) => {
        const endpoint = `${scheme}://u${a}:${b}${SECRET}${c}@h${d}`;
        try {
          const uri = parseMasterSlaveUri(grouped ? `masterslave:(${endpoint},${scheme}://b:2)?x=1` : endpoint);
          expect(inspect(uri, { showHidden: true, depth: 9 })).not.toContain(SECRET);
        } catch (error) {
          if (!(error instanceof InvalidUriError) && !(error instanceof InvalidOptionError)) throw error;
          expect(error.message + inspect(error)).not.toContain(SECRET);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});
