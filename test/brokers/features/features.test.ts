/** Tries every feature on every broker over both protocols, and checks docs/features.md against the results. */
import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONSUMING } from "../../support/features/consuming-features.ts";
import { Trial } from "../../support/features/feature.ts";
import { SENDING } from "../../support/features/sending-features.ts";
import { SETTLING } from "../../support/features/settling-features.ts";
import { expectedSelections, selectedBy } from "../../support/selector-cases.ts";
import { type RealGroup, startGroup } from "../real-group.ts";
import { COMBINATIONS, type Combination, type Finding, renderFeatures } from "./feature-table.ts";
import { tryFeature } from "./try-feature.ts";

const FEATURES = [...SENDING, ...CONSUMING, ...SETTLING];
const PAGE = new URL("../../../docs/features.md", import.meta.url);
const PRODUCTS = { classic: "Classic", artemis: "Artemis" } as const;
const PROTOCOLS = { stomp: "STOMP", amqp: "AMQP" } as const;
const findings = new Map(FEATURES.map(({ name }) => [name, new Map<Combination, Finding>()]));
const versions: string[] = [];

describe.each(["classic", "artemis"] as const)("on a real %s", (product) => {
  let group: RealGroup;
  beforeAll(async () => {
    group = await startGroup(product);
    versions.push(`${PRODUCTS[product]} ${group.version}`);
  }, 600_000);
  afterAll(() => group?.close());

  describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
    it.each(FEATURES.map((feature, index) => ({ ...feature, index })))("$name", async ({ index, ...feature }) => {
      note(feature.name, await tryFeature(feature, new Trial(group, protocol, String(index))));
    });

    it("selects what the embedded group selects", async () => {
      const trial = new Trial(group, protocol, "selectors");
      const asTexts = protocol === "stomp";
      const expected = expectedSelections({ asTexts, convertTexts: asTexts && product === "classic" });
      expect(await selectedBy(trial, (selector) => expected[selector]?.length ?? 0)).toEqual(expected);
      await trial.end();
    });

    function note(name: string, finding: Finding): void {
      findings.get(name)?.set(`${PRODUCTS[product]} ${PROTOCOLS[protocol]}`, finding);
    }
  });
});

describe("docs/features.md", () => {
  it("says what was found, and has no empty cell", async () => {
    const page = renderFeatures(findings, versions.join(" and "));
    for (const [name, cells] of findings) expect([...cells.keys()].sort(), name).toEqual([...COMBINATIONS].sort());
    if (process.env["FEATURES"] === "write") await writeFile(PAGE, page);
    expect(await readFile(PAGE, "utf8")).toBe(page);
  });
});
