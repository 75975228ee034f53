import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { writeYaml, type YamlValue } from "../../../../src/topology/export/yaml-writer.ts";

const leaf = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constantFrom("true", "no", "1", "~", "a: b", "- x", "#", "1e3"),
);
const { value } = fc.letrec<{ value: YamlValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1 }), tie("value"), { maxKeys: 4 }),
  ),
}));

describe("written YAML", () => {
  it("reads back as what was written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value, { maxKeys: 4 }), (given) => {
        expect(parse(writeYaml(given))).toEqual(given);
      }),
    );
  });

  it("keeps a text of several lines as a block", () => {
    const given = { data: { "activemq.xml": "<a>\n  <b/>\n\n</a>\n" } };
    expect(writeYaml(given)).toBe("data:\n  activemq.xml: |\n    <a>\n      <b/>\n\n    </a>\n");
    expect(parse(writeYaml(given))).toEqual(given);
  });
});
