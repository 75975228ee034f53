import { describe, expect, it } from "vitest";
import { readConfigText } from "../../../src/config/read-config-text.ts";

const at = (text: string, ...[path, key]: [(string | number)[], ("key" | "value")?]) => {
  const { line, column } = readConfigText(text, { file: "f.yaml" }).finding({
    code: "X",
    path,
    at: key,
    message: "m",
    advice: "a",
  });
  return [line, column];
};

describe("readConfigText", () => {
  it("reads YAML, and JSON as a part of it", () => {
    expect(readConfigText("a: [1, two]\n").value).toEqual({ a: [1, "two"] });
    expect(readConfigText('{\n\t"a": [1, "two"]\n}\n').value).toEqual({ a: [1, "two"] });
  });

  it("knows the line and column of keys, values, list entries and, for what is not there, of the place above", () => {
    const text = "groups:\n  north: { uri: 'x' }\nlinks:\n  - one\n  -   two\nempty:\n";
    expect(at(text, ["groups", "north"], "key")).toEqual([2, 3]);
    expect(at(text, ["groups", "north", "uri"])).toEqual([2, 17]);
    expect(at(text, ["links", 1])).toEqual([5, 7]);
    expect(at(text, ["groups", "north", "username", "x"])).toEqual([2, 10]);
    expect(at(text, ["nothing"])).toEqual([1, 1]);
    expect(at(text, ["empty"], "key")).toEqual([6, 1]);
  });

  it("tells where the syntax is broken, and where a key stands twice", () => {
    const [broken] = readConfigText("a: 1\nb: [1, 2\n", { file: "f.yaml" }).findings;
    expect(broken).toMatchObject({ code: "CONFIG_SYNTAX", severity: "error", file: "f.yaml" });
    expect(broken?.line).toBeGreaterThanOrEqual(2);
    const [twice] = readConfigText("a: 1\na: 2\n").findings;
    expect(twice).toMatchObject({ code: "CONFIG_SYNTAX", line: 2, column: 1 });
  });

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are the variables of a configuration.
  it("replaces variables after parsing, so that a value brings in no keys", () => {
    const env = { HOST: "a\nother: key", EMPTY: "" };
    const text = "x: ${HOST}\ny: ${NONE:-here}\nz: $${HOST}\nw: ${EMPTY}\n";
    expect(readConfigText(text, { env }).value).toEqual({ x: "a\nother: key", y: "here", z: "${HOST}", w: "" });
  });

  it("tells of each variable that is not set, with its place", () => {
    const { findings } = readConfigText("a: 1\nb: x${NONE}\n", { env: {} });
    expect(findings).toMatchObject([{ code: "CONFIG_VARIABLE", line: 2, column: 4 }]);
    expect(findings[0]?.message).toContain("NONE");
  });

  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above.

  it("refuses a text that grows without end by its aliases, and one that is far too long", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let n = 1; n < 12; n += 1)
      lines.push(
        `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(", ")}]`,
      );
    expect(readConfigText(lines.join("\n")).findings).toMatchObject([{ code: "CONFIG_SYNTAX" }]);
    expect(readConfigText(" ".repeat(4 * 1024 * 1024 + 1)).findings).toMatchObject([{ code: "CONFIG_SYNTAX" }]);
  });
});
