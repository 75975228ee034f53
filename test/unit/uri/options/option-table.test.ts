/** The option table: every value vector, its own consistency, and the documentation printed from it. */
import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { renderOptionTable } from "../../../../scripts/render-option-table.ts";
import { MasterSlaveError } from "../../../../src/errors/errors.ts";
import { parseMasterSlaveUri } from "../../../../src/uri/master-slave-uri.ts";
import type { GroupOptions } from "../../../../src/uri/options/group-options.ts";
import { IGNORED_OPTIONS, IGNORED_PREFIXES } from "../../../../src/uri/options/ignored-options.ts";
import type { SaslMechanism } from "../../../../src/uri/options/login-options.ts";
import type { OptionSpec } from "../../../../src/uri/options/option-spec.ts";
import { KNOWN_NAMES, OPTION_NAMES, OPTIONS, optionNamed } from "../../../../src/uri/options/option-table.ts";
import { checkOption } from "../../../../src/uri/options/option-value.ts";

interface ValueVector {
  readonly option: string;
  readonly value?: unknown;
  readonly error?: string;
}

const vectors: readonly ValueVector[] = JSON.parse(
  readFileSync(new URL("../../../vectors/option-values.json", import.meta.url), "utf8"),
);

function read(option: string): unknown {
  try {
    return { values: Object.values(parseMasterSlaveUri(`tcp://a:1?${option}`).options) };
  } catch (error) {
    if (error instanceof MasterSlaveError) return { error: error.code };
    throw error;
  }
}

describe("the vectors of option-values.json", () => {
  it.each(vectors)("reads $option", ({ option, value, error }) => {
    expect(read(option)).toEqual(error === undefined ? { values: [value] } : { error });
  });

  it("cover every option with a value it takes", () => {
    const taken = vectors.filter(({ error }) => error === undefined).map(({ option }) => option.split("=")[0] ?? "");
    expect(new Set(taken.map(optionNamed))).toEqual(new Set(OPTION_NAMES));
  });
});

describe("the option table", () => {
  it("has defaults that its own checks accept, or words", () => {
    for (const name of OPTION_NAMES) {
      const spec: OptionSpec = OPTIONS[name];
      if (typeof spec.default !== "string" || spec.type === "choice") {
        const wordy = name === "protocol";
        if (!wordy) expect(() => checkOption(name, spec.default), name).not.toThrow();
      }
    }
  });

  it("names nothing twice, and ignores nothing it knows", () => {
    expect(new Set(KNOWN_NAMES).size).toBe(KNOWN_NAMES.length);
    const ignored = Object.keys(IGNORED_OPTIONS);
    expect(KNOWN_NAMES.filter((name) => ignored.includes(name))).toEqual([]);
    const shadowed = (name: string) => Object.keys(IGNORED_PREFIXES).some((prefix) => name.startsWith(prefix));
    expect(KNOWN_NAMES.filter(shadowed)).toEqual(["amqp.saslMechanisms"]);
    expect(read("amqp.saslMechanisms=PLAIN")).toEqual({ values: [["PLAIN"]] });
  });

  it("says of every option what it does, in a sentence", () => {
    for (const name of OPTION_NAMES) expect(OPTIONS[name].sentence, name).toMatch(/^[A-Z].*\.$/);
  });

  it("types the options by their rows", () => {
    expectTypeOf<GroupOptions["maxReconnectDelay"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<GroupOptions["backOffMultiplier"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<GroupOptions["randomize"]>().toEqualTypeOf<boolean | undefined>();
    expectTypeOf<GroupOptions["inDoubt"]>().toEqualTypeOf<"resend" | "fail" | undefined>();
    expectTypeOf<GroupOptions["saslMechanisms"]>().toEqualTypeOf<readonly SaslMechanism[] | undefined>();
    expectTypeOf<GroupOptions["clientId"]>().toEqualTypeOf<string | undefined>();
  });

  it("is what docs/options.md shows", () => {
    const file = readFileSync(new URL("../../../../docs/options.md", import.meta.url), "utf8");
    expect(file).toBe(renderOptionTable());
  });
});
