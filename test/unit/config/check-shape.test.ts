import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkShape } from "../../../src/config/check-shape.ts";
import { configDocument } from "../../../src/config/config-document.ts";
import { readConfigText } from "../../../src/config/read-config-text.ts";

const schema = z.strictObject({
  name: z.string(),
  count: z.number().int().min(1).max(10).optional().meta({ advice: "Write a count from 1 to 10" }),
  mode: z.enum(["fast", "slow"]).default("slow"),
  parts: z.record(z.string(), z.strictObject({ size: z.number() })).optional(),
});

describe("checkShape", () => {
  it("returns the value with its defaults", () => {
    expect(checkShape(schema, readConfigText("name: x"))).toEqual({ value: { name: "x", mode: "slow" }, findings: [] });
  });

  it("names the nearest key for one that does not exist, at that key", () => {
    const { value, findings } = checkShape(schema, readConfigText("name: x\nparts:\n  a: { sise: 1, size: 2 }\n"));
    expect(value).toBeUndefined();
    expect(findings).toMatchObject([
      { code: "CONFIG_UNKNOWN_KEY", path: "parts.a.sise", line: 3, column: 8, advice: "Did you mean size?" },
    ]);
  });

  it("tells what is missing, of the wrong type, out of range, or no known value, each with advice", () => {
    const { findings } = checkShape(schema, readConfigText("count: 11\nmode: fats\nparts: 3\n"));
    expect(findings).toMatchObject([
      { code: "CONFIG_MISSING", path: "name", line: 1, advice: "Add name: a text" },
      { code: "CONFIG_VALUE", path: "count", line: 1, column: 8, advice: "Write a count from 1 to 10" },
      { code: "CONFIG_VALUE", path: "mode", line: 2, column: 7, advice: "Did you mean fast?" },
      { code: "CONFIG_VALUE", path: "parts", line: 3, column: 8, advice: "Write a mapping of names to values" },
    ]);
  });

  it("checks an object of a program in the same way, without places", () => {
    const { findings } = checkShape(schema, configDocument({ nam: "x" }));
    expect(findings.map(({ code, path, line }) => [code, path, line])).toEqual([
      ["CONFIG_MISSING", "name", undefined],
      ["CONFIG_UNKNOWN_KEY", "nam", undefined],
    ]);
  });

  it("shows nothing of a mapping that stands in the place of a text: it may hold a secret", () => {
    const { findings } = checkShape(schema, configDocument({ name: { password: "s3cret" } }));
    expect(JSON.stringify(findings)).not.toContain("s3cret");
  });
});
