/** docs/scenarios.md names every scenario, and tests that exist; and the script that checks it notices what is wrong. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { missingTests, readScenarios, unpassedTests } from "../../scripts/check-scenarios.ts";

const read = () => readFile(new URL("../../docs/scenarios.md", import.meta.url), "utf8");

describe("docs/scenarios.md", () => {
  it("has every scenario once, each with tests that exist or with a reason, few of those", async () => {
    const { tests, problems } = readScenarios(await read());
    expect(problems).toEqual([]);
    expect(await missingTests(tests)).toEqual([]);
    expect(tests.length).toBeGreaterThan(100);
  });
});

describe("the check", () => {
  it("notices a scenario that is missing, there twice, of nobody's, or without a test", async () => {
    const text = await read();
    const row = (id: string) => text.split("\n").find((line) => line.startsWith(`| \`${id}\` |`)) ?? "";
    const problemsOf = (changed: string) => readScenarios(changed).problems;
    expect(problemsOf(text.replace(row("Q7"), ""))).toEqual(["Q7 has 0 rows"]);
    expect(problemsOf(`${text}\n${row("Q7")}`)).toEqual(["Q7 has 2 rows"]);
    expect(problemsOf(text.replace("| `Q7` |", "| `Q76` |"))).toEqual(["Q7 has 0 rows", "Q76 is no scenario"]);
    expect(problemsOf(text.replace(row("Q7"), "| `Q7` | what | how | later |"))).toEqual([
      "Q7 names neither a test nor a reason",
    ]);
  });

  it("counts those that cannot be played", async () => {
    const text = (await read()).replace(/^(\| `Q\d+` \|.*\|.*\|).*\|$/gm, "$1 Inapplicable: so. |");
    expect(readScenarios(text).problems).toEqual(["75 of Qpid's are inapplicable, 15 at most"]);
  });

  it("notices a test that is not there", async () => {
    const test = { scenario: "Q1", file: "package/scenarios.test.ts", title: "is not" + " here" };
    expect(await missingTests([test, { ...test, file: "no/such.test.ts" }])).toHaveLength(2);
  });

  it("notices a test that did not run, or failed, whatever its placeholders became", () => {
    const test = { scenario: "Q1", file: "a.test.ts", title: "does %s (twice)" };
    const ran = (title: string, status: string) => ({
      testResults: [{ name: "/somewhere/test/a.test.ts", assertionResults: [{ title, status }] }],
    });
    expect(unpassedTests([test], ran("does this (twice)", "passed"))).toEqual([]);
    expect(unpassedTests([test], ran("does this (twice)", "failed"))).toEqual([
      'Q1: test/a.test.ts "does %s (twice)" has failed',
    ]);
    expect(unpassedTests([test], ran("does this once", "passed"))).toEqual([
      'Q1: test/a.test.ts "does %s (twice)" did not run',
    ]);
  });
});
