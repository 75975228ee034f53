import { expect, it } from "vitest";
import type { OutgoingCopy } from "../../../../src/bridge/forwarding/compose.ts";
import { TopicTwins } from "../../../../src/bridge/forwarding/topic-twins.ts";

const copy = (key: string) =>
  ({
    source: { kind: "topic", name: "events" },
    destination: "topic://events",
    origin: "north",
    firstId: "ID:order-1",
    key,
  }) as OutgoingCopy;

it("a copy of a published message that comes by another link is a twin, and so is one that comes the other way", () => {
  const twins = new TopicTwins();
  expect(twins.isTwin({ link: "one", from: "south", to: "west" }, copy("a"))).toBe(false);
  expect(twins.isTwin({ link: "two", from: "south", to: "west" }, copy("b"))).toBe(true);
  expect(twins.isTwin({ link: "one", from: "east", to: "west" }, copy("c"))).toBe(true);
  expect(twins.isTwin({ link: "two", from: "west", to: "south" }, copy("d"))).toBe(false);
});

it("two messages with one first id that come by one link are both forwarded", () => {
  const twins = new TopicTwins();
  const way = { link: "one", from: "south", to: "west" };
  expect(["a", "b", "a"].map((key) => twins.isTwin(way, copy(key)))).toEqual([false, false, false]);
});
