/** What an embedded group confirms it holds, and what it refuses it does not, however close together they are answered. */
import { describe, expect, it } from "vitest";
import { storyConnection, storyGroup } from "../support/stories.ts";

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  it.each([true, false])("tells a refused send from the stored one before it, persistent %s", async (persistent) => {
    const group = await storyGroup(protocol, { maxMessages: 1 });
    const connection = await storyConnection(group.uri(protocol)).connect();
    const sends = ["one", "two", "three"].map((text) => connection.send("q", text, { persistent }));
    const outcomes = await Promise.allSettled(sends);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected"]);
    expect(await group.messages("q")).toHaveLength(1);
  });
});
