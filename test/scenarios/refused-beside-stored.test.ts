/** What a group confirms it holds, and what it refuses it does not, unless the error says in doubt; however close together they are answered. */
import { describe, expect, it } from "vitest";
import type { SendError } from "../../src/errors/errors.ts";
import { storyConnection, storyGroup } from "../support/stories.ts";

describe.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
  it.each([true, false])(
    "tells the sends that are refused from the one that is stored, persistent %s",
    async (persistent) => {
      const group = await storyGroup(protocol, { maxMessages: 1 });
      const connection = await storyConnection(group.uri(protocol)).connect();
      const fates = await Promise.all(
        ["one", "two", "three"].map((text) =>
          connection.send("q", text, { persistent }).then(
            () => "stored",
            ({ code, inDoubt }: SendError) => (inDoubt ? "in doubt" : code),
          ),
        ),
      );
      expect((await group.messages("q")).map(({ text }) => text)).toEqual(["one"]);
      expect(["stored", "in doubt"]).toContain(fates[0]);
      for (const fate of fates.slice(1)) expect(["SEND_REJECTED", "in doubt"]).toContain(fate);
      expect(fates).toContain("SEND_REJECTED");
    },
  );
});
