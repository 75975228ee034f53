/** The embedded group does what the feature table asks of brokers, but for what it refuses by name (docs/testing.md). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedGroup, embeddedGroup } from "../../src/testing/index.ts";
import { CONSUMING } from "../support/features/consuming-features.ts";
import { refusalOf, Trial } from "../support/features/feature.ts";
import { Remark, SENDING } from "../support/features/sending-features.ts";
import { SETTLING } from "../support/features/settling-features.ts";
import { expectedSelections, selectedBy } from "../support/selector-cases.ts";

/** It has no users with fewer rights. */
const NOT_ASKED = ["a refused send rejects alone"];
const FEATURES = [...SENDING, ...CONSUMING, ...SETTLING].filter(({ name }) => !NOT_ASKED.includes(name));
const REFUSED = {
  stomp: [
    "a shared subscription: each message to one of its consumers",
    "a shared durable subscription keeps messages while nobody consumes",
    "modify({ undeliverableHere: true }): not to this consumer again",
  ],
  amqp: [
    "an exclusive consumer",
    "a shared subscription: each message to one of its consumers",
    "a shared durable subscription keeps messages while nobody consumes",
    "accept({ confirmed: true }): the broker confirms it",
  ],
} as const;
let group: EmbeddedGroup;

beforeAll(async () => {
  group = await embeddedGroup({ inProcess: true });
});
afterAll(() => group?.close());

describe.each(["stomp", "amqp"] as const)("the embedded group over %s", (protocol) => {
  const refused: string[] = [];

  it.each(FEATURES.map((feature, index) => ({ ...feature, index })))("$name", async ({ name, attempt, index }) => {
    const trial = new Trial({ product: "embedded", uri: (each) => group.uri(each) }, protocol, String(index));
    try {
      await attempt(trial);
    } catch (reason) {
      if (refusalOf(reason) !== undefined || /SUBSCRIPTION_REFUSED/.test(String(Object(reason).code)))
        refused.push(name);
      else if (!(reason instanceof Remark)) throw reason;
    } finally {
      await trial.end();
    }
  });

  it("selects what real brokers select", async () => {
    const trial = new Trial({ product: "embedded", uri: (each) => group.uri(each) }, protocol, "selectors");
    const expected = expectedSelections({ asTexts: protocol === "stomp", convertTexts: protocol === "stomp" });
    try {
      expect(await selectedBy(trial, (selector) => expected[selector]?.length ?? 0)).toEqual(expected);
    } finally {
      await trial.end();
    }
  });

  it("refuses only what docs/testing.md says", () => {
    expect(refused).toEqual(REFUSED[protocol]);
  });
});
