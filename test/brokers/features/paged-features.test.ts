/** Tries every feature on addresses of Artemis that page every message: what docs/features.md says of Artemis holds there too. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CONSUMING } from "../../support/features/consuming-features.ts";
import { Trial } from "../../support/features/feature.ts";
import { SENDING } from "../../support/features/sending-features.ts";
import { SETTLING } from "../../support/features/settling-features.ts";
import { type RealGroup, startGroup } from "../real-group.ts";
import { readFinding } from "./feature-table.ts";
import { tryFeature } from "./try-feature.ts";

const FEATURES = [...SENDING, ...CONSUMING, ...SETTLING];
const PAGE = new URL("../../../docs/features.md", import.meta.url);

describe("on addresses of Artemis that page every message", () => {
  let group: RealGroup;
  let page = "";
  beforeAll(async () => {
    page = await readFile(PAGE, "utf8");
    group = await startGroup("artemis");
  }, 600_000);
  afterAll(() => group?.close());

  describe.each([
    ["stomp", "Artemis STOMP"],
    ["amqp", "Artemis AMQP"],
  ] as const)("over %s", (protocol, combination) => {
    it.each(FEATURES.map((feature, index) => ({ ...feature, index })))("$name", async ({ index, ...feature }) => {
      const found = await tryFeature(feature, new Trial(group, protocol, String(index), "paged."));
      expect(found).toEqual(readFinding(page, feature.name, combination));
    });
  });
});
