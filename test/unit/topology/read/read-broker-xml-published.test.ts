/** Configurations in the shapes that public ones have, written for this test: each has exactly the findings it should have. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readBrokerXml } from "../../../../src/topology/read/read-broker-xml.ts";

const ROOT = fileURLToPath(new URL("../../../vectors/topology/published/", import.meta.url));

interface Expected {
  readonly shape: string;
  readonly source: string;
  /** How often each code is found. */
  readonly findings: Readonly<Record<string, number>>;
}

function filesOf(name: string): Map<string, string> {
  const directory = join(ROOT, name);
  const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".xml"));
  return new Map(files.sort().map((file) => [file, readFileSync(join(directory, file), "utf8")]));
}

const cases = readdirSync(ROOT).sort();

describe("published shapes of configurations", () => {
  it("are 26", () => {
    expect(cases).toHaveLength(26);
  });

  for (const name of cases) {
    const expected = JSON.parse(readFileSync(join(ROOT, name, "expected.json"), "utf8")) as Expected;

    it(`${name}: has exactly the expected findings, each in one of its files`, () => {
      const files = filesOf(name);
      const { findings } = readBrokerXml(files);
      const counts: Record<string, number> = {};
      for (const { code } of findings) counts[code] = (counts[code] ?? 0) + 1;
      expect(counts).toEqual(expected.findings);
      for (const { file = "", line = 0, column = 0 } of findings) {
        const text = files.get(file)?.split("\n")[line - 1] ?? "";
        expect(text.length, relative(ROOT, file)).toBeGreaterThanOrEqual(column - 1);
        expect(column).toBeGreaterThan(0);
      }
    });
  }

  it("hold no connector that stands in a comment", () => {
    expect(readBrokerXml(filesOf("connector-in-a-comment")).topology.connectors).toEqual([]);
  });

  it("with static:failover: and masterslave:// lead to the group they mean", () => {
    for (const name of ["failover-without-parentheses", "masterslave-with-slashes"])
      expect(readBrokerXml(filesOf(name)).topology.connectors).toMatchObject([{ from: "edge", to: "core" }]);
  });

  it("with the old spelling of an HA policy have the master first", () => {
    const files = filesOf("artemis-old-spelling-with-discovery");
    const swapped = new Map([...files].reverse());
    expect(readBrokerXml(swapped).topology.groups["right"]?.members.map(({ name }) => name)).toEqual([
      "right1",
      "right2",
    ]);
  });

  it("with a placeholder for the URI are followed when it is given", () => {
    const files = filesOf("placeholder-for-the-uri");
    const { topology, findings } = readBrokerXml(files, { set: { "network.uri": "static:(tcp://core:61616)" } });
    expect(topology.connectors).toMatchObject([{ uri: "static:(tcp://core:61616)" }]);
    expect(findings.map(({ code }) => code)).toEqual(["TARGET_UNKNOWN", "LONE_MASTER", "SLOW_RECONNECT"]);
  });
});

describe("a file that is no broker's configuration", () => {
  it.each([
    ["an empty text", "", "XML_SYNTAX"],
    ["a text that is cut off", "<beans><broker", "XML_SYNTAX"],
    ["another document", "<project/>", "NO_BROKER"],
    ["more than 10 MiB", `<beans>${" ".repeat(11 * 1024 * 1024)}</beans>`, "XML_TOO_LARGE"],
  ])("such as %s is a finding and no exception", (_what, text, code) => {
    const { topology, findings } = readBrokerXml({ "x.xml": text });
    expect(findings).toMatchObject([{ code, file: "x.xml", line: expect.any(Number) }]);
    expect(topology.groups).toEqual({});
  });
});
