/** Writing URIs: what is read and written is read again as the same. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError, InvalidUriError } from "../../../src/errors/errors.ts";
import { ENDPOINT_SCHEMES } from "../../../src/uri/endpoint.ts";
import { formatMasterSlaveUri } from "../../../src/uri/format-master-slave-uri.ts";
import { type MasterSlaveUri, parseMasterSlaveUri } from "../../../src/uri/master-slave-uri.ts";
import type { OptionSpec } from "../../../src/uri/options/option-spec.ts";
import { OPTION_NAMES, OPTIONS } from "../../../src/uri/options/option-table.ts";

const ONE_PROTOCOL = {
  stomp: ENDPOINT_SCHEMES.filter((scheme) => !scheme.startsWith("amqp")),
  amqp: ENDPOINT_SCHEMES.filter((scheme) => !scheme.startsWith("stomp")),
};

function valueFor(spec: OptionSpec): fc.Arbitrary<string> {
  const { type, min = 0, max = Number.MAX_SAFE_INTEGER, choices = [] } = spec;
  if (type === "boolean") return fc.constantFrom("true", "false", "True");
  if (type === "choice") return fc.constantFrom(...choices, ...choices.map((choice) => choice.toUpperCase()));
  if (type === "number") return fc.double({ min, max, noNaN: true }).map((value) => value.toFixed(6));
  if (type === "integer") return fc.integer({ min, max }).map(String);
  return fc.string({ minLength: 1, unit: "grapheme" }).filter((text) => !/[\p{Cc}\p{Cs}]/u.test(text));
}

const option = fc
  .constantFrom(...OPTION_NAMES.filter((name) => name !== "protocol"))
  .chain((name) => fc.tuple(fc.constantFrom(name, `failover.${name}`), valueFor(OPTIONS[name])));
const javaOption = fc.tuple(
  fc.constantFrom("jms.a", "nested.wireFormat.b", "backup", "failover.transport.c", "amqpOpenServerListAction"),
  fc.constantFrom("REPLACE", "replace"),
);
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV6().map((address) => `[${address}]`),
);
const encodeParenthesis = (text: string) => (text === "(" ? "%28" : "%29");
const userInfo = fc.option(
  fc.string().map((text) => `u:${encodeURIComponent(text).replace(/[()]/g, encodeParenthesis)}@`),
  { nil: "" },
);

function component(protocol: "stomp" | "amqp"): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...ONE_PROTOCOL[protocol]),
      userInfo,
      host,
      fc.integer({ min: 1, max: 65_535 }),
      fc.boolean(),
    )
    .map(
      ([scheme, user, name, port, named]) =>
        `${scheme}://${user}${name}:${port}${named ? `?protocol=${protocol}` : ""}`,
    );
}

const text = fc
  .constantFrom("stomp" as const, "amqp" as const)
  .chain((protocol) =>
    fc.tuple(
      fc.constantFrom("masterslave:", "masterslave://", "failover:", "failover://", ""),
      fc.array(component(protocol), { minLength: 2, maxLength: 5 }),
      fc.array(fc.oneof(option, javaOption), { maxLength: 6 }),
      fc.constantFrom("", " ", "\n  "),
    ),
  )
  .map(([scheme, components, options, space]) => {
    const query = options.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join(`&${space}`);
    if (scheme === "") return `${components[0]?.split("?")[0]}?${query}`;
    return `${space}${scheme}(${space}${components.join(`${space},${space}`)})${space}?${query}${space}`;
  });

function tryParse(input: string): MasterSlaveUri | undefined {
  try {
    return parseMasterSlaveUri(input);
  } catch (error) {
    if (error instanceof InvalidUriError || error instanceof InvalidOptionError) return undefined;
    throw error;
  }
}

describe("formatMasterSlaveUri", () => {
  it("writes what reads as the same again, for URIs of every form", () => {
    let accepted = 0;
    fc.assert(
      fc.property(text, (input) => {
        const uri = tryParse(input);
        if (!uri) return; // Two endpoints came out equal.
        accepted += 1;
        expect(parseMasterSlaveUri(formatMasterSlaveUri(uri))).toEqual(uri);
      }),
      { numRuns: 1_000 },
    );
    expect(accepted).toBeGreaterThan(900);
  });

  it("writes what reads as the same again, for whatever nonsense is accepted", () => {
    const token = fc.constantFrom(
      ..."()?&=,@:/ %+#;1a",
      "masterslave:",
      "failover:",
      "stomp://a",
      "stomp://b:1",
      "timeout=5",
      "nested.",
      "jms.x",
      "clientId=%28",
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 14 }), (tokens) => {
        const uri = tryParse(tokens.join(""));
        if (uri) expect(parseMasterSlaveUri(formatMasterSlaveUri(uri))).toEqual(uri);
      }),
      { numRuns: 5_000 },
    );
  });

  it("writes ports, brackets and encoded values, and no user-info", () => {
    const uri = parseMasterSlaveUri("masterslave:stomp://u:p@a,stomp+ssl://[::1]?protocol=stomp");
    expect(formatMasterSlaveUri(uri)).toBe("masterslave:(stomp://a:61613,stomp+ssl://[::1]:61614?protocol=stomp)");
    expect(formatMasterSlaveUri(parseMasterSlaveUri("amqp://a?clientId=x(%26)+y"))).toBe(
      "amqp://a:5672?clientId=x%28%26%29%20y",
    );
  });
});
